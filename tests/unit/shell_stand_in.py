"""A hand-written module with the ports of a shell: a few registers, and a queue that passes words on."""

VERILOG = """
module stand_in_shell (
  input aclk, input aresetn,
  input [11:0] s_axi_ctrl_awaddr, input [2:0] s_axi_ctrl_awprot, input s_axi_ctrl_awvalid, output s_axi_ctrl_awready,
  input [31:0] s_axi_ctrl_wdata, input [3:0] s_axi_ctrl_wstrb, input s_axi_ctrl_wvalid, output s_axi_ctrl_wready,
  output [1:0] s_axi_ctrl_bresp, output s_axi_ctrl_bvalid, input s_axi_ctrl_bready,
  input [11:0] s_axi_ctrl_araddr, input [2:0] s_axi_ctrl_arprot, input s_axi_ctrl_arvalid, output s_axi_ctrl_arready,
  output [31:0] s_axi_ctrl_rdata, output [1:0] s_axi_ctrl_rresp, output s_axi_ctrl_rvalid, input s_axi_ctrl_rready,
  input [31:0] s_axis_tdata, input [3:0] s_axis_tkeep, input s_axis_tlast, input s_axis_tvalid, output s_axis_tready,
  output [31:0] m_axis_tdata, output [3:0] m_axis_tkeep, output m_axis_tlast, output m_axis_tvalid, input m_axis_tready
);
  // registers: 0 ID, 4 scratch, 8 words taken, 12 clocks since reset, 16 words with a tkeep, 56 bit 0: soft reset;
  // 256 and up: SLVERR
  reg [11:0] awaddr; reg aw, w; reg [31:0] wdata; reg [3:0] wstrb; reg bvalid; reg [1:0] bresp;
  reg rvalid; reg [31:0] rdata; reg [1:0] rresp; reg [31:0] scratch, count, clocks, malformed;
  assign s_axi_ctrl_awready = !aw;
  assign s_axi_ctrl_wready = !w;
  assign s_axi_ctrl_bvalid = bvalid;
  assign s_axi_ctrl_bresp = bresp;
  assign s_axi_ctrl_arready = !rvalid;
  assign s_axi_ctrl_rvalid = rvalid;
  assign s_axi_ctrl_rdata = rdata;
  assign s_axi_ctrl_rresp = rresp;
  reg [31:0] data [0:3]; reg last [0:3]; reg [2:0] head, tail;
  wire full = (head ^ tail) == 3'b100;
  wire take = s_axis_tvalid && s_axis_tready;
  assign s_axis_tready = !full;
  assign m_axis_tvalid = head != tail;
  assign m_axis_tdata = data[tail[1:0]];
  assign m_axis_tlast = last[tail[1:0]];
  assign m_axis_tkeep = 4'hf;
  integer k;
  always @(posedge aclk)
    if (!aresetn) begin
      aw <= 0; w <= 0; bvalid <= 0; rvalid <= 0; scratch <= 0; count <= 0; clocks <= 0; malformed <= 0;
      head <= 0; tail <= 0;
    end else begin
      clocks <= clocks + 1;
      if (s_axi_ctrl_awvalid && !aw) begin aw <= 1; awaddr <= s_axi_ctrl_awaddr; end
      if (s_axi_ctrl_wvalid && !w) begin w <= 1; wdata <= s_axi_ctrl_wdata; wstrb <= s_axi_ctrl_wstrb; end
      if (aw && w && !bvalid) begin
        bvalid <= 1;
        bresp <= awaddr[11:8] != 0 ? 2 : 0;
        if (awaddr == 4) for (k = 0; k < 4; k = k + 1) if (wstrb[k]) scratch[8*k +: 8] <= wdata[8*k +: 8];
      end
      if (s_axi_ctrl_bvalid && s_axi_ctrl_bready) begin bvalid <= 0; aw <= 0; w <= 0; end
      if (s_axi_ctrl_arvalid && s_axi_ctrl_arready) begin
        rvalid <= 1;
        rresp <= s_axi_ctrl_araddr[11:8] != 0 ? 2 : 0;
        case (s_axi_ctrl_araddr)
          0: rdata <= 32'h42545255;
          4: rdata <= scratch;
          8: rdata <= count;
          12: rdata <= clocks;
          16: rdata <= malformed;
          default: rdata <= 0;
        endcase
      end
      if (s_axi_ctrl_rvalid && s_axi_ctrl_rready) rvalid <= 0;
      if (take) begin
        data[head[1:0]] <= s_axis_tdata; last[head[1:0]] <= s_axis_tlast; head <= head + 1; count <= count + 1;
        if (s_axis_tkeep != 4'hf) malformed <= malformed + 1;
      end
      if (m_axis_tvalid && m_axis_tready) tail <= tail + 1;
      if (aw && w && !bvalid && awaddr == 12'h038 && wdata[0]) begin head <= 0; tail <= 0; end
    end
endmodule
"""
