"""What could stand in for what a net cannot have, by the name of a module or a function of PyTorch's."""

from __future__ import annotations

_NORM = "BatchNorm behind a convolution or a linear layer is folded into it"
_WHOLE = "frames are (N, channels, length) and images (N, channels, rows, columns), so give the data channels first"
_MEMORY = "a net has no state from one step to the next; convolutions with a dilation see as far back"
_WHOLE_WINDOWS = "ceil_mode=False, or a size that the stride divides"
_SIZED = "mode 'nearest' and a convolution behind it, or a transposed convolution"
_PARTS = "a convolution with a kernel of 1 for each part picks channels, F.pad with two numbers pads one end"
_SCORES = "return what goes into it: the largest stays the largest, and the loss can take it in training"

STAND_INS: dict[str, str] = {
    **dict.fromkeys(("LayerNorm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "RMSNorm", "layer_norm"), _NORM),
    **dict.fromkeys(("normalize", "group_norm", "instance_norm", "batch_norm"), _NORM),
    **dict.fromkeys(
        ("Softmax", "LogSoftmax", "Softmin", "softmax", "log_softmax", "argmax", "argsort", "topk"), _SCORES
    ),
    **dict.fromkeys(("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"), _MEMORY),
    **dict.fromkeys(("transpose", "permute", "movedim", "swapaxes", "T", "mT"), _WHOLE),
    **dict.fromkeys(("Upsample", "interpolate", "UpsamplingBilinear2d"), _SIZED),
    **dict.fromkeys(("chunk", "split", "getitem", "narrow", "select", "unbind"), _PARTS),
    **dict.fromkeys(
        ("MultiheadAttention", "TransformerEncoderLayer", "scaled_dot_product_attention", "matmul", "bmm", "einsum"),
        "products of two tensors are taken element by element only (*), sums over them by nn.Linear and nn.Conv",
    ),
    **dict.fromkeys(
        ("Conv3d", "ConvTranspose3d", "MaxPool3d", "AvgPool3d"), "Conv2d, with one axis among the channels"
    ),
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"), "the module of torch.nn"),
    **dict.fromkeys(("PReLU", "prelu"), "nn.LeakyReLU(2**-k), whose slope is a shift"),
    **dict.fromkeys(("ReflectionPad1d", "ReflectionPad2d", "ReplicationPad1d", "ReplicationPad2d", "pad"), "zeros"),
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "max_pool1d", "max_pool2d"), _WHOLE_WINDOWS),
    **dict.fromkeys(("AvgPool1d", "AvgPool2d", "avg_pool1d", "avg_pool2d"), _WHOLE_WINDOWS),
    **dict.fromkeys(("sum", "var", "std", "norm"), "mean, or a convolution with a kernel of the whole length"),
    **dict.fromkeys(("max", "min"), "amax, or a MaxPool over the whole length"),
    **dict.fromkeys(("Embedding", "EmbeddingBag", "embedding"), "one-hot samples and nn.Linear"),
    **dict.fromkeys(
        ("rand", "randn", "rand_like", "randn_like", "normal"), "a net has no random numbers; leave it out"
    ),
    **dict.fromkeys(("floor_divide", "remainder", "round", "floor", "sign"), "the formats round; leave it out"),
    "stack": "torch.cat over the channels",
    "AlphaDropout": "nn.Dropout",
    "einops": "flatten and reshape",
}
"""Text behind "what could stand in: ", without a period."""

OTHERWISE = "docs/your-own-net.md lists what is taken"


def stand_in(name: str) -> str:
    """What could stand in for ``name``, or where to look."""
    return STAND_INS.get(name, OTHERWISE)
