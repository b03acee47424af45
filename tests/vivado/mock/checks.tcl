# What validate_bd_design holds against the design.

# Interfaces that a memory-mapped master reaches: directly, or through a SmartConnect to all its slaves.
proc reached {interface} {
    foreach link $::links {
        lassign $link master slave
        if {[name_of $master] ne $interface} {
            continue
        }
        lassign [split [name_of $slave] /] cell name
        if {![string match *:smartconnect:* [dict get $::cells $cell vlnv]]} {
            return [list [name_of $slave]]
        }
        set found {}
        foreach {own spec} [interfaces_of $cell] {
            if {[lindex $spec 1] eq "master"} {
                set found [concat $found [reached $cell/$own]]
            }
        }
        return $found
    }
    return {}
}

proc space_spec {space} {
    lassign [split $space /] cell name
    set own [dict get $::cells $cell]
    return [dict get [ip_spaces [dict get $own vlnv] [dict get $own config]] $name]
}

proc segment_spec {segment} {
    regexp {^(\w+)/(.*)$} $segment -> cell name
    set own [dict get $::cells $cell]
    return [dict get [ip_segments [dict get $own vlnv] [dict get $own config]] $name]
}

# Error unless a segment can stand there: reached, aligned, of a size it can have, inside the space, on nothing else.
proc check_segment {space segment offset range} {
    lassign [space_spec $space] interface lowest highest
    lassign [segment_spec $segment] slave smallest largest
    set master [lindex [split $space /] 0]/$interface
    set target [lindex [split $segment /] 0]/$slave
    if {$target ni [reached $master]} {
        error "$space does not reach $segment"
    }
    if {$range & ($range - 1) || $offset % $range} {
        error "$segment: a range of $range bytes is no power of two, or does not start at a multiple of itself"
    }
    if {$range < $smallest || $range > $largest} {
        error "$segment: a range of $range bytes is not from [expr {$smallest}] to [expr {$largest}]"
    }
    if {$offset < $lowest || $offset + $range - 1 > $highest} {
        error [format "%s: 0x%08X is outside of what %s reaches" $segment $offset $master]
    }
    foreach other $::addresses {
        lassign $other own taken start size
        if {$own eq $space && $offset < $start + $size && $start < $offset + $range} {
            error "$segment overlaps $taken in $space"
        }
    }
}

proc net_of {pin} {
    foreach net $::nets {
        if {$pin in $net} {
            return $net
        }
    }
    return {}
}

proc driver_of {pin} {
    foreach other [net_of $pin] {
        if {[lindex [pin_spec $other] 0] eq "output"} {
            return $other
        }
    }
    return ""
}

# Every pin that must be driven is.
proc check_pins {} {
    foreach cell [dict keys $::cells] {
        foreach {pin spec} [pins_of $cell] {
            lassign $spec direction kind required
            if {$direction eq "input" && $required && [driver_of $cell/$pin] eq ""} {
                error "$kind pin $cell/$pin is not connected"
            }
        }
    }
}

# What drives clock pins of a cell.
proc clocks_of {cell pins} {
    set found {}
    foreach pin $pins {
        lappend found [driver_of $cell/$pin]
    }
    return $found
}

# Every interface that must be connected is; both ends are as wide, have the same signals and a clock in common.
proc check_interfaces {} {
    foreach cell [dict keys $::cells] {
        foreach {name spec} [interfaces_of $cell] {
            set there 0
            foreach link $::links {
                set there [expr {$there || "bd_intf_pin:$cell/$name" in $link}]
            }
            if {[lindex $spec 3] && !$there} {
                error "interface $cell/$name is not connected"
            }
        }
    }
    foreach link $::links {
        lassign $link master slave
        if {[kind_of $slave] eq "bd_intf_port" || [kind_of $master] eq "bd_intf_port"} {
            continue
        }
        lassign [interface_spec $master] protocol mode clocks required width signals
        lassign [interface_spec $slave] protocol mode other_clocks required other_width other_signals
        if {$protocol eq "axis" && $width != $other_width} {
            error "stream [name_of $master] has $width bits and [name_of $slave] has $other_width"
        }
        if {$protocol eq "axis" && $signals ne $other_signals} {
            error "stream [name_of $master] has '$signals' and [name_of $slave] has '$other_signals'"
        }
        set one [clocks_of [lindex [split [name_of $master] /] 0] $clocks]
        set two [clocks_of [lindex [split [name_of $slave] /] 0] $other_clocks]
        set common 0
        foreach clock $one {
            set common [expr {$common || $clock in $two}]
        }
        if {!$common} {
            error "[name_of $master] is clocked by [join $one { or }] and [name_of $slave] by [join $two { or }]"
        }
    }
}

# A reset comes from what has brought it into the domain of the clock that it goes with.
proc check_resets {} {
    foreach cell [dict keys $::cells] {
        foreach {pin spec} [pins_of $cell] {
            set driver [driver_of $cell/$pin]
            lassign $spec direction kind required clocks
            if {$direction ne "input" || $kind ne "rstn" || $driver eq "" || $clocks eq ""} {
                continue
            }
            set own [lindex [pin_spec $driver] 3]
            if {$own eq ""} {
                error "reset $cell/$pin does not come from a reset block but from $driver"
            }
            set domain [clocks_of [lindex [split $driver /] 0] $own]
            if {$domain ni [clocks_of $cell $clocks]} {
                error "reset $cell/$pin is in the clock domain of $domain"
            }
        }
    }
}

# MHz of what drives a clock pin.
proc frequency_of {pin} {
    lassign [split [driver_of $pin] /] cell name
    if {[regexp {^clk_out([1-7])$} $name -> k]} {
        return [dict get $::cells $cell config CLKOUT${k}_REQUESTED_OUT_FREQ]
    }
    if {![regexp {^FCLK_CLK([0-3])$} $name -> k]} {
        error "the frequency of $pin is not known"
    }
    return [dict get $::cells $cell config PCW_FPGA${k}_PERIPHERAL_FREQMHZ]
}

# What an AXI DMA is characterised for in logic of an Artix-7 at speed grade -1 (PG022).
set highest_dma 150

# Every segment that a space reaches is assigned, once.
proc check_addresses {} {
    foreach cell [dict keys $::cells] {
        set own [dict get $::cells $cell]
        foreach {name spec} [ip_spaces [dict get $own vlnv] [dict get $own config]] {
            foreach target [reached $cell/[lindex $spec 0]] {
                lassign [split $target /] slave interface
                set found 0
                foreach entry $::addresses {
                    lassign $entry space segment
                    incr found [expr {$space eq "$cell/$name" && [string match -nocase $slave/$interface/* $segment]}]
                }
                if {$found != 1} {
                    error "$target is assigned $found times in $cell/$name"
                }
            }
        }
    }
}

# Parameters that must fit each other.
proc check_parameters {} {
    dict for {cell own} $::cells {
        set config [dict get $own config]
        check_video $cell $own
        check_periods $cell $own
        if {[string match *:axi_dma:* [dict get $own vlnv]]} {
            foreach {side stream} {mm2s m_axis_mm2s s2mm s_axis_s2mm} {
                if {![is $config c_include_$side]} {
                    continue
                }
                set memory [dict get $config c_m_axi_${side}_data_width]
                if {[dict get $config c_${stream}_tdata_width] > $memory} {
                    error "$cell: stream $stream is wider than the memory side"
                }
                if {[dict get $config c_${side}_burst_size] * $memory / 8 > 4096} {
                    error "$cell: bursts of $side go beyond 4 KiB"
                }
                if {[frequency_of $cell/m_axi_${side}_aclk] > $::highest_dma} {
                    error "$cell: $side runs at [frequency_of $cell/m_axi_${side}_aclk] MHz, $::highest_dma at most"
                }
            }
        }
        if {[string match *:axis_clock_converter:* [dict get $own vlnv]]} {
            lassign [clocks_of $cell {s_axis_aclk m_axis_aclk}] one two
            if {$one ne $two && ![is $config IS_ACLK_ASYNC]} {
                error "$cell: $one and $two have no known phase, and IS_ACLK_ASYNC is not 1"
            }
        }
        if {[string match *:processing_system7:* [dict get $own vlnv]]} {
            for {set k 0} {$k < 4} {incr k} {
                if {![is $config PCW_FPGA_FCLK${k}_ENABLE]} {
                    continue
                }
                set clock [dict get $config PCW_FPGA${k}_PERIPHERAL_FREQMHZ]
                if {$clock < 0.1 || $clock > 250} {
                    error "$cell: FCLK$k of $clock MHz is out of range"
                }
            }
        }
    }
}

# The clocks that a packaged core was constrained for, out of context, are those that it has.
proc check_periods {cell own} {
    if {![dict exists $::packaged [dict get $own vlnv]]} {
        return
    }
    dict for {pin period} [dict get $::packaged [dict get $own vlnv] periods] {
        if {abs($period * [frequency_of $cell/$pin] - 1000) > 1} {
            error "$cell: $pin has [frequency_of $cell/$pin] MHz, its constraint out of context says $period ns"
        }
    }
}

proc do_validate_bd_design {options arguments} {
    open_design
    check_pins
    check_outside
    check_interfaces
    check_resets
    check_addresses
    check_parameters
    set ::state validated
}
