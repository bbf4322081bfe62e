"""What the benchmarks compare with: a serial updater, which does one thing after another.

    serial.py check CATALOGUE           asks each image's checksum file and listing, compares
    serial.py transfer URL ALGORITHM HEX TARGET [COMPRESSION]
                                        download to a file, hash the file, (decompress it,) upload the file
"""

import bz2
import gzip
import hashlib
import lzma
import os
import re
import shutil
import sys
import tempfile

import requests


def check(catalogue):
    """Reads `key: value` lines: enough for the catalogues that the benchmarks write."""
    with open(catalogue) as source:
        fields = re.findall(r"^ +(?:- )?(name|latest_checksum_url|latest_url|checksum): *\n? *(\S.*)$",
                            source.read(), re.M)
    images, stale = [], 0
    for key, value in fields:
        if key == "name":
            images.append({})
        images[-1][key] = value
    for image in images:
        name = image["latest_url"].rsplit("/", 1)[1]
        listing = requests.get(image["latest_url"].rsplit("/", 2)[0] + "/")
        listing.raise_for_status()
        answer = requests.get(image["latest_checksum_url"])
        answer.raise_for_status()
        digests = dict(reversed(line.split()) for line in answer.text.splitlines())
        stale += image["checksum"].split(":")[1] not in (digests.get(name), digests.get("*" + name))
    print(len(images), "images,", stale, "stale")


def transfer(url, algorithm, expected, target, compression=None):
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "image")
        with requests.get(url, stream=True) as answer, open(path, "wb") as file:
            answer.raise_for_status()
            for chunk in answer.iter_content(chunk_size=1024 * 1024):
                file.write(chunk)
        digest = hashlib.new(algorithm)
        with open(path, "rb") as file:
            while chunk := file.read(1024 * 1024):
                digest.update(chunk)
        if digest.hexdigest() != expected:
            sys.exit("the digest differs")
        if compression:
            opener = {"gz": gzip.open, "xz": lzma.open, "bz2": bz2.open}[compression]
            with opener(path) as packed, open(path + ".raw", "wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 1024 * 1024)
            path += ".raw"
        with open(path, "rb") as file:
            requests.put(target, data=file).raise_for_status()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    {"check": check, "transfer": transfer}[sys.argv[1]](*sys.argv[2:])
