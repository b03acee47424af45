"""What lies where in data memory: whose it is that a layer reads, and the values of a known answer."""

import re

from decode import DATA, QUADRANT


def follow(made):
    """Follow a plan word by word: what a layer writes over, no later one reads; what it reads was written or loaded."""
    total, memory = made.memory.device.data_bytes // 4, {}
    tensors = [made.layers[0].given, *(layer.result for layer in made.layers)]
    put(memory, tensors[0], 0, total)
    for layer in made.layers:
        for index, (source, spot) in enumerate(zip(layer.sources, layer.spots, strict=True)):
            tensor = tensors[source]
            for place, value in values(tensor):
                assert memory.get(place) == (source, *value), (layer.name, tensor)
            assert tensor.first == layer.given.first + spot.processor
            if layer.operands > 1:
                assert tensor.offset == layer.given.offset + 4 * index
        put(memory, layer.result, layer.index + 1, total)
        if layer.tied:
            assert layer.given.processors == layer.result.processors
        end = layer.given.offset // 4 + layer.given.step * max(layer.rows * layer.columns * layer.folded, 1)
        assert end <= total
    for index in made.outputs:
        for place, value in values(tensors[index + 1]):
            assert memory.get(place) == (index + 1, *value)


def values(tensor):
    """Place (data memory, word, byte) and (channel, sample) of every value; 4 bytes of a wide one."""
    passes = -(-tensor.channels // 64)
    for channel in range(tensor.channels):
        number, index = divmod(channel, tensor.count)
        processor = tensor.first + index
        for sample in range(tensor.length):
            word = (sample * passes + number) * (tensor.gap + 1)
            if tensor.wide:
                word = 4 * word + processor % 4
            for byte in range(4) if tensor.wide else [processor % 4]:
                yield (processor // 4, tensor.offset // 4 + word, byte), (channel, sample)


def put(memory, tensor, number, total):
    """Write a tensor: every word that holds a part of it is written whole, and so is what lies before and after."""
    start, end = tensor.region
    assert start >= 0 and end <= 4 * total
    places = dict(values(tensor))
    words = {(where, word) for where, word, _ in places}
    around = [range(start // 4, tensor.offset // 4), range((tensor.offset + tensor.size) // 4, end // 4)]
    words |= {(where, word) for where in {where for where, _ in words} for words_of in around for word in words_of}
    for where, word in words:
        for byte in range(4):
            memory[where, word, byte] = (number, *places.get((where, word, byte), ("nothing",)))


def answer(text):
    """``{address: (mask, word)}`` of sampleoutput.h."""
    words = [int(word, 16) for word in re.findall(r"0x[0-9a-f]{8}", text.partition("#define SAMPLE_OUTPUT")[2])]
    found, k = {}, 0
    while words[k]:
        address, mask, count = words[k : k + 3]
        for i in range(count):
            assert not words[k + 3 + i] & ~mask
            found[address + 4 * i] = mask, words[k + 3 + i]
        k += 3 + count
    assert k == len(words) - 1
    return found


def value_of(k, result, device, words):
    """The ``k``-th value of a result, channel by channel, in words by address."""
    base, step = DATA[device]
    channel, sample = divmod(k, result.length)
    number, index = divmod(channel, result.count)
    processor = result.first + index
    place = (sample * -(-result.channels // 64) + number) * (result.gap + 1)
    place = 4 * place + processor % 4 if result.wide else place
    address = base + processor // 16 * QUADRANT[device] + processor % 16 // 4 * step + result.offset + 4 * place
    mask, word = words[address]
    width, low = (32, 0) if result.wide else (8, 8 * (processor % 4))
    full = (1 << width) - 1
    assert mask >> low & full == full
    value = word >> low & full
    return value - (1 << width) if value >> width - 1 else value
