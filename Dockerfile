# Everything that make sim, make test and make demo use; Vivado is not in it.
#   docker build -t bittrue . && docker run --rm bittrue
FROM python:3.11-slim-bookworm
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
       make git g++ iverilog tcl gcc-arm-none-eabi libnewlib-arm-none-eabi \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /bittrue
COPY . .
CMD ["make", "test"]
