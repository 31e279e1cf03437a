"""Evidence files as a client uploads them."""
import hashlib
import random

PATH = "/v1/files"
CHUNK = 512 * 1024
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154")


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def picture(size: int, seed: int = 1) -> bytes:
    """What libmagic takes for a PNG, of that size, different for every seed."""
    return PNG + noise(size - len(PNG), seed)


def declare(who, data: bytes, name="现场.png", media_type="image/png", **changes):
    return who.post(PATH, json={"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
                                "media_type": media_type, **changes})


def begin(who, data: bytes, *arguments, **changes) -> dict:
    answer = declare(who, data, *arguments, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def put(who, file: dict, number: int, data: bytes, **headers):
    return who.put(f"{PATH}/{file['id']}/chunks/{number}", data=data,
                   headers={"Content-Type": "application/octet-stream", **headers})


def put_all(who, file: dict, data: bytes) -> None:
    for number in range(file["chunk_count"]):
        answer = put(who, file, number, data[number * file["chunk_size"]:(number + 1) * file["chunk_size"]])
        assert answer.status_code == 204, answer.text


def complete(who, file: dict, **options):
    return who.post(f"{PATH}/{file['id']}/completion", **options)


def upload(who, data: bytes, *arguments, **changes) -> dict:
    file = begin(who, data, *arguments, **changes)
    put_all(who, file, data)
    answer = complete(who, file)
    assert answer.status_code == 200, answer.text
    return answer.json()
