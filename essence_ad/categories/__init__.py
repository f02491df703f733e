"""The categories that programs are sent to, one a file by the paper's word."""
