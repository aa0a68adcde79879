"""PNG pictures, read, made smaller and written, with nothing but Python's own library.

Read are pictures of 8 bits a channel that are not interlaced: grey, RGB or a palette, with alpha or without.
Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)".
"""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS_MAX = 20_000_000
# Colour type -> channels.
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


class NotAPicture(Exception):
    """What was given is no PNG that can be read; the text says why."""


def thumbnail(content, longest):
    """The picture as a PNG in RGBA whose longer side has at most `longest` pixels. Smaller ones keep their size."""
    width, height, pixels = _read(content)
    scale = max(width, height, longest) / longest
    small = max(1, round(width / scale)), max(1, round(height / scale))
    return _write(*small, _shrink(width, height, pixels, *small))


def size(content):
    """Width and height."""
    if content[:8] != SIGNATURE or content[12:16] != b"IHDR":
        raise NotAPicture("it does not begin as a PNG does")
    return struct.unpack(">II", content[16:24])


def _read(content):
    width, height = size(content)
    if not 0 < width * height <= PIXELS_MAX:
        raise NotAPicture(f"{width} x {height} pixels are none, or more than {PIXELS_MAX}")
    depth, colour, _, _, interlaced = content[24:29]
    if depth != 8 or colour not in CHANNELS or interlaced:
        raise NotAPicture("only 8 bits a channel without interlacing are read")
    parts = _chunks(content)
    try:
        raw = zlib.decompress(b"".join(data for name, data in parts if name == b"IDAT"))
    except zlib.error as error:
        raise NotAPicture(f"its data is damaged: {error}") from error
    step = CHANNELS[colour]
    if len(raw) < height * (width * step + 1):
        raise NotAPicture("its data ends early")
    named = dict(parts)
    return width, height, _rgba(_unfiltered(raw, width * step, height, step), colour, named)


def _chunks(content):
    """Name and data of each part, in order."""
    parts, at = [], len(SIGNATURE)
    while at + 8 <= len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        parts.append((name, content[at + 8 : at + 8 + length]))
        at += 12 + length
    return parts


def _unfiltered(raw, row_bytes, height, step):
    """Rows as they were before each was filtered by its neighbours."""
    rows, above = bytearray(), bytearray(row_bytes)
    for number in range(height):
        begin = number * (row_bytes + 1)
        kind, row = raw[begin], bytearray(raw[begin + 1 : begin + 1 + row_bytes])
        if kind > 4:
            raise NotAPicture(f"a row has the filter {kind}, which does not exist")
        for at in range(row_bytes if kind else 0):
            left = row[at - step] if at >= step else 0
            corner = above[at - step] if at >= step else 0
            row[at] = (row[at] + _guess(kind, left, above[at], corner)) & 0xFF
        rows += row
        above = row
    return rows


def _guess(kind, left, up, corner):
    if kind == 1:
        return left
    if kind == 2:
        return up
    if kind == 3:
        return (left + up) // 2
    estimate = left + up - corner
    return min((left, up, corner), key=lambda near: abs(estimate - near))


def _rgba(pixels, colour, parts):
    if colour == 6:
        return pixels
    if colour == 3:
        palette, alpha = parts.get(b"PLTE", b""), parts.get(b"tRNS", b"")
        colours = [palette[at : at + 3] + (alpha[at // 3 : at // 3 + 1] or b"\xff") for at in range(0, len(palette), 3)]
        if pixels and max(pixels) >= len(colours):
            raise NotAPicture("a pixel has a colour that its palette does not")
        return bytearray(b"".join(colours[pixel] for pixel in pixels))
    rgba = bytearray(b"\xff") * (len(pixels) // CHANNELS[colour] * 4)
    if colour == 2:
        rgba[0::4], rgba[1::4], rgba[2::4] = pixels[0::3], pixels[1::3], pixels[2::3]
    else:
        step = CHANNELS[colour]
        rgba[0::4] = rgba[1::4] = rgba[2::4] = pixels[0::step]
        if colour == 4:
            rgba[3::4] = pixels[1::2]
    return rgba


def _shrink(width, height, pixels, small_width, small_height):
    """Each new pixel is the mean of those that it stands for."""
    small = bytearray()
    for row in range(small_height):
        top = row * height // small_height
        bottom = max((row + 1) * height // small_height, top + 1)
        for column in range(small_width):
            left = column * width // small_width
            right = max((column + 1) * width // small_width, left + 1)
            lines = [pixels[(y * width + left) * 4 : (y * width + right) * 4] for y in range(top, bottom)]
            count = (bottom - top) * (right - left)
            small += bytes(sum(sum(line[channel::4]) for line in lines) // count for channel in range(4))
    return small


def _write(width, height, pixels):
    rows = b"".join(b"\0" + pixels[row * width * 4 : (row + 1) * width * 4] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
