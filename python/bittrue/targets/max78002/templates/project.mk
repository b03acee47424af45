# Settings of this project; the Makefile beside it reads them. For example:
#
# MAXIM_PATH = /path/to/MaximSDK
# BOARD = FTHR_RevA
# MXC_OPTIMIZE_CFLAGS = -Og
#
# Read the weights back before the test:
# PROJ_CFLAGS += -DCNN_VERIFY_WEIGHTS
