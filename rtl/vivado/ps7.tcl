# The processing system of the PYNQ-Z1, every setting that matters explicit, so that no board files are needed.
#
# On the board, PYNQ's boot image has set up memory, pins and PLLs before an overlay is loaded; loading changes the
# programmable logic and its clocks only. The settings below make the design complete for any other way to start it, and
# tell Vivado which ports of the processing system exist.

proc ps7_config {clock_mhz bus_mhz} {
    return [concat [ps7_clocks $clock_mhz $bus_mhz] [ps7_ports] [ps7_memory] [ps7_peripherals] [ps7_pins]]
}

# Crystal 50 MHz; processor 650 MHz; FCLK0 clocks the net, FCLK1 buses and DMA, the other two are off.
proc ps7_clocks {clock_mhz bus_mhz} {
    return [list \
        CONFIG.PCW_CRYSTAL_PERIPHERAL_FREQMHZ 50 \
        CONFIG.PCW_APU_PERIPHERAL_FREQMHZ 650 \
        CONFIG.PCW_FCLK0_PERIPHERAL_CLKSRC {IO PLL} \
        CONFIG.PCW_FCLK1_PERIPHERAL_CLKSRC {IO PLL} \
        CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock_mhz \
        CONFIG.PCW_FPGA1_PERIPHERAL_FREQMHZ $bus_mhz \
        CONFIG.PCW_FPGA_FCLK0_ENABLE 1 \
        CONFIG.PCW_FPGA_FCLK1_ENABLE 1 \
        CONFIG.PCW_FPGA_FCLK2_ENABLE 0 \
        CONFIG.PCW_FPGA_FCLK3_ENABLE 0 \
        CONFIG.PCW_EN_CLK0_PORT 1 \
        CONFIG.PCW_EN_CLK1_PORT 1 \
        CONFIG.PCW_EN_CLK2_PORT 0 \
        CONFIG.PCW_EN_CLK3_PORT 0 \
        CONFIG.PCW_EN_RST0_PORT 1]
}

# Registers through M_AXI_GP0, memory through S_AXI_HP0 (64 bits, as the board leaves the port), interrupts in.
proc ps7_ports {} {
    return {
        CONFIG.PCW_USE_M_AXI_GP0 1
        CONFIG.PCW_USE_M_AXI_GP1 0
        CONFIG.PCW_USE_S_AXI_HP0 1
        CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64
        CONFIG.PCW_USE_FABRIC_INTERRUPT 1
        CONFIG.PCW_IRQ_F2P_INTR 1
    }
}

# 512 MiB of DDR3 in one chip of 16 bits; delays are those of the board's wiring, in ns.
proc ps7_memory {} {
    return {
        CONFIG.PCW_DDR_RAM_HIGHADDR 0x1FFFFFFF
        CONFIG.PCW_UIPARAM_DDR_ENABLE 1
        CONFIG.PCW_UIPARAM_DDR_MEMORY_TYPE {DDR 3}
        CONFIG.PCW_UIPARAM_DDR_PARTNO {MT41J256M16 RE-125}
        CONFIG.PCW_UIPARAM_DDR_BUS_WIDTH {16 Bit}
        CONFIG.PCW_UIPARAM_DDR_FREQ_MHZ 525
        CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY0 0.223
        CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY1 0.212
        CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY2 0.085
        CONFIG.PCW_UIPARAM_DDR_BOARD_DELAY3 0.092
        CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_0 0.040
        CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_1 0.058
        CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_2 -0.009
        CONFIG.PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_3 -0.033
        CONFIG.PCW_UIPARAM_DDR_TRAIN_WRITE_LEVEL 1
        CONFIG.PCW_UIPARAM_DDR_TRAIN_READ_GATE 1
        CONFIG.PCW_UIPARAM_DDR_TRAIN_DATA_EYE 1
    }
}

# What is wired to the pins of the processing system: flash, serial port, Ethernet, SD card, USB.
proc ps7_peripherals {} {
    return {
        CONFIG.PCW_PRESET_BANK0_VOLTAGE {LVCMOS 3.3V}
        CONFIG.PCW_PRESET_BANK1_VOLTAGE {LVCMOS 1.8V}
        CONFIG.PCW_QSPI_PERIPHERAL_ENABLE 1
        CONFIG.PCW_QSPI_QSPI_IO {MIO 1 .. 6}
        CONFIG.PCW_QSPI_GRP_SINGLE_SS_ENABLE 1
        CONFIG.PCW_QSPI_GRP_SINGLE_SS_IO {MIO 1 .. 6}
        CONFIG.PCW_SINGLE_QSPI_DATA_MODE x4
        CONFIG.PCW_QSPI_GRP_FBCLK_ENABLE 1
        CONFIG.PCW_QSPI_GRP_FBCLK_IO {MIO 8}
        CONFIG.PCW_QSPI_PERIPHERAL_FREQMHZ 200
        CONFIG.PCW_UART0_PERIPHERAL_ENABLE 1
        CONFIG.PCW_UART0_UART0_IO {MIO 14 .. 15}
        CONFIG.PCW_UART_PERIPHERAL_FREQMHZ 100
        CONFIG.PCW_ENET0_PERIPHERAL_ENABLE 1
        CONFIG.PCW_ENET0_ENET0_IO {MIO 16 .. 27}
        CONFIG.PCW_ENET0_PERIPHERAL_FREQMHZ {1000 Mbps}
        CONFIG.PCW_ENET0_GRP_MDIO_ENABLE 1
        CONFIG.PCW_ENET0_GRP_MDIO_IO {MIO 52 .. 53}
        CONFIG.PCW_ENET_RESET_ENABLE 1
        CONFIG.PCW_ENET_RESET_SELECT {Share reset pin}
        CONFIG.PCW_ENET0_RESET_ENABLE 1
        CONFIG.PCW_ENET0_RESET_IO {MIO 9}
        CONFIG.PCW_SD0_PERIPHERAL_ENABLE 1
        CONFIG.PCW_SD0_SD0_IO {MIO 40 .. 45}
        CONFIG.PCW_SD0_GRP_CD_ENABLE 1
        CONFIG.PCW_SD0_GRP_CD_IO {MIO 47}
        CONFIG.PCW_SDIO_PERIPHERAL_FREQMHZ 50
        CONFIG.PCW_USB0_PERIPHERAL_ENABLE 1
        CONFIG.PCW_USB0_USB0_IO {MIO 28 .. 39}
        CONFIG.PCW_USB_RESET_ENABLE 1
        CONFIG.PCW_USB_RESET_SELECT {Share reset pin}
        CONFIG.PCW_USB0_RESET_ENABLE 1
        CONFIG.PCW_USB0_RESET_IO {MIO 46}
        CONFIG.PCW_GPIO_MIO_GPIO_ENABLE 1
        CONFIG.PCW_GPIO_MIO_GPIO_IO MIO
    }
}

# All 54 pins: slow edges; pulled up, but for the flash, whose pins 2 to 8 set the way to boot.
proc ps7_pins {} {
    set config {}
    for {set pin 0} {$pin < 54} {incr pin} {
        set pullup [expr {$pin >= 2 && $pin <= 8 ? "disabled" : "enabled"}]
        lappend config CONFIG.PCW_MIO_${pin}_PULLUP $pullup CONFIG.PCW_MIO_${pin}_SLEW slow
    }
    return $config
}
