"""Thrift's compact protocol as trees that can be changed and written again: what Parquet footers and page headers are made of.

A structure is a list of [field, type, value]; a list is ["list", element type, values]. Nothing is checked beyond the grammar.
"""

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def value(self, kind):
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind == BYTE:
            return self.byte()
        if kind in (I16, I32, I64):
            number = self.varint()
            return (number >> 1) ^ -(number & 1)
        if kind == DOUBLE:
            self.at += 8
            return self.data[self.at - 8 : self.at]
        if kind == BINARY:
            length = self.varint()
            self.at += length
            return self.data[self.at - length : self.at]
        if kind in (LIST, SET):
            head = self.byte()
            count = head >> 4
            if count == 15:
                count = self.varint()
            element = head & 15
            if element in (TRUE, FALSE):
                return ["list", element, [self.byte() == TRUE for _ in range(count)]]
            return ["list", element, [self.value(element) for _ in range(count)]]
        if kind == STRUCT:
            return self.struct()
        raise ValueError(kind)

    def struct(self):
        fields, last = [], 0
        while True:
            head = self.byte()
            if head == 0:
                return fields
            kind = head & 15
            if head >> 4:
                last += head >> 4
            else:
                number = self.varint()
                last = (number >> 1) ^ -(number & 1)
            fields.append([last, kind, self.value(kind)])


def varint(value):
    value &= (1 << 70) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def written(kind, value):
    if kind in (TRUE, FALSE):
        return b""
    if kind == BYTE:
        return bytes([value & 0xFF])
    if kind in (I16, I32, I64):
        return zigzag(value)
    if kind == DOUBLE:
        return value
    if kind == BINARY:
        return varint(len(value)) + value
    if kind in (LIST, SET):
        _, element, values = value
        count = len(values)
        head = bytes([count << 4 | element]) if count < 15 else bytes([0xF0 | element]) + varint(count)
        if element in (TRUE, FALSE):
            return head + bytes(TRUE if v else FALSE for v in values)
        return head + b"".join(written(element, v) for v in values)
    return struct_written(value)


def struct_written(fields):
    out, last = bytearray(), 0
    for number, kind, value in fields:
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        step = number - last
        if 0 < step < 16:
            out.append(step << 4 | kind)
        else:
            out.append(kind)
            out += zigzag(number)
        out += written(kind, value)
        last = number
    out.append(0)
    return bytes(out)


def field(fields, number):
    """The entry of a field, or None."""
    return next((f for f in fields if f[0] == number), None)


def nodes(fields):
    """Every field of a structure and of all structures below it, with the list that holds it."""
    for entry in fields:
        yield fields, entry
        yield from below(entry[1], entry[2])


def below(kind, value):
    if kind == STRUCT:
        yield from nodes(value)
    elif kind in (LIST, SET):
        for one in value[2]:
            yield from below(value[1], one)


EXTREMES = [0, 1, -1, 2, 7, 127, 255, 65_535, 1 << 20, (1 << 28) + 1, (1 << 31) - 1, -(1 << 31), 1 << 32, (1 << 62), (1 << 63) - 1, -(1 << 63)]


def change(random, fields):
    """Changes one field somewhere."""
    holder, entry = random.choice(list(nodes(fields)))
    kind = entry[1]
    chance = random.random()
    if chance < 0.08:
        holder.remove(entry)
    elif chance < 0.12:
        entry[0] = random.choice([entry[0] + 1, entry[0] + 40, 1, -3])
    elif kind in (I16, I32, I64, BYTE):
        near = [entry[2] + 1, entry[2] - 1, entry[2] * 2, -entry[2], random.randrange(64)]
        entry[2] = random.choice(EXTREMES + near * 3)
    elif kind == BINARY:
        entry[2] = random.choice([b"", entry[2][:-1], entry[2] + b"\0", b"\xff" * 9, b"x" * 5_000, bytes(random.randrange(256) for _ in range(9))])
    elif kind in (LIST, SET):
        values = entry[2][2]
        what = random.randrange(5)
        if what == 0:
            values.clear()
        elif what == 1 and values:
            values.pop(random.randrange(len(values)))
        elif what == 2 and values:
            values.extend([random.choice(values)] * random.choice([1, 2, 300]))
        elif what == 3 and values:
            random.shuffle(values)
        else:
            entry[2][1] = random.choice([BYTE, I32, BINARY, STRUCT]) if not values else entry[2][1]
    elif kind in (TRUE, FALSE):
        entry[2] = not entry[2]
    else:
        entry[1], entry[2] = random.choice([(I32, 3), (BINARY, b"?"), (I64, -1)])
