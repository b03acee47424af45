// Stand-ins for two primitives of the 7 series, after UG471 and UG768: ten bits a period of CLKDIV leave with both edges
// of CLK, D1 first; the ninth and tenth come from the slave's D3 and D4. Delays are not those of the chip.
module OSERDESE2 #(
  parameter DATA_RATE_OQ = "DDR", parameter DATA_RATE_TQ = "DDR", parameter DATA_WIDTH = 4,
  parameter SERDES_MODE = "MASTER", parameter TRISTATE_WIDTH = 4
) (
  output OQ, output SHIFTOUT1, output SHIFTOUT2,
  input CLK, input CLKDIV, input D1, input D2, input D3, input D4, input D5, input D6, input D7, input D8,
  input OCE, input RST, input SHIFTIN1, input SHIFTIN2,
  input T1, input T2, input T3, input T4, input TBYTEIN, input TCE
);
  assign SHIFTOUT1 = SERDES_MODE == "SLAVE" ? D3 : 1'b0;
  assign SHIFTOUT2 = SERDES_MODE == "SLAVE" ? D4 : 1'b0;
  reg [9:0] word, bits;
  reg turn, seen;
  always @(posedge CLKDIV) begin
    word <= RST ? 10'd0 : {SHIFTIN2, SHIFTIN1, D8, D7, D6, D5, D4, D3, D2, D1};
    turn <= RST ? 1'b0 : !turn;
  end
  always @(posedge CLK) begin
    seen <= turn;
    bits <= turn != seen ? word : bits >> 2;
  end
  assign OQ = OCE && (CLK ? bits[0] : bits[1]);
  initial if (DATA_RATE_OQ != "DDR" || DATA_WIDTH != 10) $fatal(1, "only ten bits at both edges are known");
endmodule

module OBUFDS #(parameter IOSTANDARD = "DEFAULT") (output O, output OB, input I);
  assign O = I;
  assign OB = !I;
endmodule
