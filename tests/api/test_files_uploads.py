"""Evidence files from outside: declared, sent in chunks, gone on with after a break, checked, kept once, downloaded."""
import base64
import hashlib
import http.client
import socket
import time
import zipfile
from io import BytesIO

import pytest

from harness import tree
from harness.files import CHUNK, PATH, PNG, begin, complete, declare, noise, picture, put, put_all, upload

OWN, OTHER = tree.enterprise("150622101", 1), tree.enterprise("150621100", 1)


def package(*members: str) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.writestr(member, "<?xml version='1.0'?><x/>")
    return held.getvalue()


@pytest.fixture(scope="module")
def mine(client):
    return client("enterprise_reporter", unit=OWN.id, sub="mine-1")


@pytest.fixture(scope="module")
def county(client):
    return client("county_officer", region="150622", unit=tree.body("emergency", "150622").id, sub="county-7")


def content(who, file: dict, **headers):
    return who.get(f"{PATH}/{file['id']}/content", headers=headers)


def faults(answer) -> list[tuple]:
    return [(e["in"], e["pointer"], e["code"]) for e in answer.json()["errors"]]


def content_digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


# ---------------------------------------------------------------- uploading

def test_what_is_sent_in_chunks_comes_back_whole(mine):
    data = picture(2 * CHUNK + 12345)
    answer = declare(mine, data)
    file = answer.json()
    assert answer.headers["Location"] == f"{mine.url}{PATH}/{file['id']}"
    assert (file["state"], file["received"], file["chunk_size"], file["chunk_count"]) == ("uploading", 0, CHUNK, 3)
    assert file["missing"] == [{"first": 0, "last": 2}]
    assert (file["unit_id"], file["region_code"], file["sector"]) == (OWN.id, OWN.region_code, "coal")
    put_all(mine, file, data)
    done = complete(mine, file)
    assert done.status_code == 200 and done.json()["state"] == "complete" and "missing" not in done.json()
    read = mine.get(f"{PATH}/{file['id']}")
    assert read.json() == done.json() and read.headers["ETag"] == done.headers["ETag"]
    got = content(mine, file)
    assert got.status_code == 200 and got.content == data
    assert got.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert got.headers["Content-Length"] == str(len(data)) and "Transfer-Encoding" not in got.headers
    assert got.headers["X-Content-Type-Options"] == "nosniff" and got.headers["Accept-Ranges"] == "bytes"


def test_after_a_break_the_file_says_what_is_missing_and_goes_on(mine):
    data = picture(5 * CHUNK, 2)
    file = begin(mine, data)
    for number in (3, 0):  # in any order
        assert put(mine, file, number, data[number * CHUNK:(number + 1) * CHUNK]).status_code == 204
    with socket.create_connection(("127.0.0.1", int(mine.url.rsplit(":", 1)[1]))) as broken:  # a chunk that is cut off
        broken.sendall(f"PUT {PATH}/{file['id']}/chunks/1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mine.token}\r\n"
                       f"Content-Type: application/octet-stream\r\nContent-Length: {CHUNK}\r\n\r\n".encode() + b"\0" * 1000)
    early = complete(mine, file)
    assert (early.status_code, early.json()["code"]) == (409, "state-conflict")
    read = mine.get(f"{PATH}/{file['id']}").json()
    assert read["received"] == 2 * CHUNK and read["missing"] == [{"first": 1, "last": 2}, {"first": 4, "last": 4}]
    for run in read["missing"]:
        for number in range(run["first"], run["last"] + 1):
            assert put(mine, file, number, data[number * CHUNK:(number + 1) * CHUNK]).status_code == 204
    assert mine.get(f"{PATH}/{file['id']}").json()["missing"] == []
    assert complete(mine, file).status_code == 200 and content(mine, file).content == data


def test_the_same_chunk_again_is_the_same_and_other_bytes_are_a_conflict(mine):
    data = picture(CHUNK + 10, 3)
    file = begin(mine, data)
    assert [put(mine, file, 1, data[CHUNK:]).status_code for _ in range(2)] == [204, 204]
    other = put(mine, file, 1, b"x" * 10)
    assert (other.status_code, other.json()["code"]) == (409, "state-conflict")
    put_all(mine, file, data)
    assert complete(mine, file).status_code == 200
    late = put(mine, file, 1, data[CHUNK:])
    assert late.status_code == 409, "a complete file takes no more bytes"


def test_a_chunk_of_zeros_and_blanks_arrives_as_it_is(mine):
    data = PNG + bytes(CHUNK - len(PNG)) + b" \n\t\r" * 100
    assert content(mine, upload(mine, data)).content == data


def test_a_chunk_that_was_damaged_on_the_way_is_refused_at_once(mine):
    data = picture(1000, 4)
    file = begin(mine, data)
    damaged = put(mine, file, 0, data[:-1] + b"?", **{"Content-Digest": content_digest(data)})
    assert damaged.status_code == 400 and faults(damaged) == [("header", "Content-Digest", "digest-mismatch")]
    for wrong in ("md5=:AAAA:", "sha-256=abc", content_digest(data)[:-2] + ":"):
        assert put(mine, file, 0, data, **{"Content-Digest": wrong}).status_code == 400
    assert mine.get(f"{PATH}/{file['id']}").json()["received"] == 0
    assert put(mine, file, 0, data, **{"Content-Digest": content_digest(data)}).status_code == 204


@pytest.mark.parametrize("number,size,status", [(0, CHUNK - 1, 422), (0, CHUNK + 1, 422), (1, 9, 422), (1, 11, 422), (2, 10, 404),
                                                (1000000, 10, 404), (0, 0, 400), (0, 2 * CHUNK + 1, 413)])
def test_a_chunk_has_its_place_and_size(mine, number, size, status):
    file = begin(mine, picture(CHUNK + 10, 5))
    assert put(mine, file, number, b"x" * size).status_code == status
    assert mine.get(f"{PATH}/{file['id']}").json()["received"] == 0


@pytest.mark.parametrize("media_type", ["application/json", "image/png", "application/octet-stream; charset=gbk"])
def test_a_chunk_is_an_octet_stream(mine, media_type):
    file = begin(mine, picture(100, 6))
    answer = put(mine, file, 0, picture(100, 6), **{"Content-Type": media_type})
    assert answer.status_code == 415 and answer.headers["Accept"] == "application/octet-stream"


def test_a_dry_run_keeps_nothing(mine):
    data = picture(100, 7)
    dry = {"Prefer": "dry-run"}
    assert mine.post(PATH, headers=dry, json={"name": "a.png", "size": 1, "sha256": "0" * 64,
                                              "media_type": "image/png"}).status_code == 200
    file = begin(mine, data)
    assert put(mine, file, 0, data, **dry).status_code == 200
    assert mine.get(f"{PATH}/{file['id']}").json()["received"] == 0
    put_all(mine, file, data)
    assert complete(mine, file, headers=dry).json()["state"] == "complete"
    assert mine.get(f"{PATH}/{file['id']}").json()["state"] == "uploading"


def test_declaring_and_completing_under_the_same_key_happen_once(mine):
    data = picture(100, 8)
    body = {"name": "a.png", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "media_type": "image/png"}
    first, again = (mine.post(PATH, json=body, key="declare-once") for _ in range(2))
    assert first.json()["id"] == again.json()["id"] and again.headers["Idempotency-Replayed"] == "true"
    put_all(mine, first.json(), data)
    done, repeated = (complete(mine, first.json(), key="complete-once") for _ in range(2))
    assert done.json() == repeated.json() and repeated.headers["Idempotency-Replayed"] == "true"
    assert complete(mine, first.json()).json() == done.json(), "complete is complete, under any key"


def test_a_client_on_a_bad_network_gets_smaller_chunks(mine):
    data = picture(100000, 28)
    file = begin(mine, data, chunk_size=16384)
    assert (file["chunk_size"], file["chunk_count"]) == (16384, 7)
    put_all(mine, file, data)
    assert complete(mine, file).status_code == 200 and content(mine, file).content == data


# ---------------------------------------------------------------- what is refused

@pytest.mark.parametrize("changes,expected", [
    ({"size": 0}, {("/size", "minimum")}), ({"size": 52428801}, {("/size", "maximum")}), ({"size": 1.5}, {("/size", "type")}),
    ({"sha256": "0" * 63}, {("/sha256", "pattern")}), ({"sha256": "A" * 64}, {("/sha256", "pattern")}),
    ({"media_type": "application/zip"}, {("/media_type", "enum")}), ({"name": "../a.png"}, {("/name", "pattern")}),
    ({"name": "a\\b.png"}, {("/name", "pattern")}), ({"name": ""}, {("/name", "minLength")}),
    ({"name": "a‮gnp.png"}, {("/name", "format")}), ({"name": "现场.exe"}, {("/name", "extension")}),
    ({"name": "png"}, {("/name", "extension")}), ({"name": "a.png", "size": 10**15}, {("/size", "maximum")}),
    ({"name": "a.jpg", "size": 52428801}, {("/size", "maximum"), ("/name", "extension")}),
    ({"chunk_size": 16383}, {("/chunk_size", "minimum")}), ({"extra": 1}, {("/extra", "unknown-field")})])
def test_a_declaration_that_breaks_a_rule_is_422(mine, changes, expected):
    answer = declare(mine, b"x" * 10, **changes)
    assert answer.status_code == 422
    assert {(pointer, code) for _, pointer, code in faults(answer)} == expected


def test_a_file_of_the_largest_size_is_taken_and_the_limit_can_be_set(make_service, database, client, mine):
    assert declare(mine, b"x", size=52428800).status_code == 201
    small = client("enterprise_reporter", unit=OWN.id, to=make_service(
        database, ANZE_MAX_FILE_BYTES="2000", ANZE_MAX_BODY_BYTES="1024"))
    assert faults(declare(small, b"x", size=2001)) == [("body", "/size", "maximum")]
    data = picture(2000, 9)
    file = begin(small, data)
    assert (file["chunk_size"], file["chunk_count"]) == (1024, 2), "a chunk fits into a body"
    put_all(small, file, data)
    assert complete(small, file).status_code == 200
    assert content(mine, file).content == data


@pytest.mark.parametrize("grant", [{"region": "150622"}, {"region": "150622", "unit": "0190a5c2-0001-7000-8000-00000000dead"}])
def test_who_acts_for_no_unit_has_no_file(client, grant):
    answer = declare(client("county_officer", **grant), b"x" * 10)
    assert answer.status_code == 422 and faults(answer) == [("body", "", "unit-required")]


def test_bytes_of_another_digest_are_thrown_away_and_can_be_sent_anew(mine, database):
    data = picture(CHUNK + 100, 10)
    file = begin(mine, data)
    put_all(mine, file, data[:-1] + b"?")
    wrong = complete(mine, file)
    assert wrong.status_code == 422 and faults(wrong) == [("body", "/sha256", "digest-mismatch")]
    read = mine.get(f"{PATH}/{file['id']}").json()
    assert (read["state"], read["received"], read["missing"]) == ("uploading", 0, [{"first": 0, "last": 1}])
    assert database.value("select count(*) from anze.file_chunk where content_id = %s", file["id"]) == 0
    put_all(mine, file, data)
    assert complete(mine, file).status_code == 200 and content(mine, file).content == data


def test_no_download_before_the_file_is_complete(mine):
    data = picture(100, 11)
    file = begin(mine, data)
    put_all(mine, file, data)
    assert content(mine, file).status_code == 404


GOOD = [
    ("记录.pdf", "application/pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"),
    ("a.JPG", "image/jpeg", bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(50)),
    ("a.gif", "image/gif", b"GIF89a\1\0\1\0\x80\0\0"),
    ("a.tif", "image/tiff", b"II*\0\x08\0\0\0\0\0\0\0"),
    ("a.heic", "image/heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(50)),
    ("a.mp4", "video/mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(50)),
    ("a.m4a", "audio/mp4", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + bytes(50)),
    ("a.mp3", "audio/mpeg", (b"\xff\xfb\x90\x64" + bytes(413)) * 4),
    ("a.amr", "audio/amr", b"#!AMR\n" + b"\x3c" * 100),
    ("检查.txt", "text/plain", "安全生产检查记录：3号工作面，整改完成。\n".encode() * 20),
    ("检查.txt", "text/plain", "安全生产检查记录：3号工作面，整改完成。\n".encode("gb18030") * 20),
    ("清单.csv", "text/csv", "序号,隐患,整改\n1,电缆破损,已更换\n2,通道堵塞,已清理\n".encode()),
    ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     package("[Content_Types].xml", "_rels/.rels", "word/document.xml")),
    ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
     package("[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "docProps/core.xml", "docProps/custom.xml", "xl/workbook.xml")),
    ("a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation",
     package("[Content_Types].xml", "_rels/.rels", "ppt/presentation.xml")),
    ("a.doc", "application/msword", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)),
]


@pytest.mark.parametrize("name,media_type,data", GOOD, ids=[f"{media.rpartition('/')[2][-24:]} {n}" for n, (_, media, _) in enumerate(GOOD)])
def test_content_that_is_what_was_declared_is_taken(mine, name, media_type, data):
    assert content(mine, upload(mine, data, name, media_type)).content == data


@pytest.mark.parametrize("name,media_type,data,found", [
    ("a.png", "image/png", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(50), "image/jpeg"),
    ("a.pdf", "application/pdf", b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0d\x86" + bytes(200),
     "application/vnd.microsoft.portable-executable"),
    ("a.txt", "text/plain", b"<html><script>alert(1)</script></html>", "text/html"),
    ("a.txt", "text/plain", b"#!/bin/sh\nrm -rf x\n", "text/x-shellscript"),
    ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", package("x.txt"), "application/zip"),
    ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     package("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("a.png", "image/png", bytes(100), "application/octet-stream")])
def test_content_of_another_type_is_refused_by_name_and_not_kept(mine, name, media_type, data, found):
    file = begin(mine, data, name, media_type)
    put_all(mine, file, data)
    answer = complete(mine, file)
    assert answer.status_code == 422 and faults(answer) == [("body", "/media_type", "type-mismatch")]
    assert found in answer.json()["errors"][0]["detail"]
    assert mine.get(f"{PATH}/{file['id']}").json()["received"] == 0


# ---------------------------------------------------------------- kept once

def contents(database, *ids: str) -> set:
    return {str(database.value("select content_id from anze.file where id = %s", i)) for i in ids}


def test_the_same_bytes_are_kept_once_for_whoever_uploads_them(mine, client, database):
    data = picture(CHUNK + 777, 12)
    other = client("enterprise_reporter", unit=OTHER.id)
    first, second = upload(mine, data), upload(other, data, "另一份.png")
    assert contents(database, first["id"], second["id"]) == {first["id"]}
    assert database.value("select count(*) from anze.file_chunk where content_id = %s", second["id"]) == 0
    assert database.value("select count(*) from anze.file_chunk where content_id = %s", first["id"]) == 2
    assert content(other, second).content == data and content(mine, first).content == data
    assert content(other, first).status_code == 404, "the content is shared, the file is not"


def test_who_knows_a_digest_alone_gets_nothing(mine, client):
    data = picture(3000, 13)
    upload(mine, data)
    thief = client("enterprise_reporter", unit=OTHER.id)
    file = begin(thief, data)
    assert file["missing"] == [{"first": 0, "last": 0}], "nothing says that the content is here"
    assert complete(thief, file).status_code == 409 and content(thief, file).status_code == 404
    put_all(thief, file, picture(3000, 14))
    assert complete(thief, file).status_code == 422 and content(thief, file).status_code == 404


def test_a_content_in_larger_chunks_is_shared_by_an_upload_in_smaller_ones(make_service, database, client, mine):
    data = picture(CHUNK + 5000, 15)
    upload(mine, data)
    narrow = client("enterprise_reporter", unit=OTHER.id, to=make_service(database, ANZE_MAX_BODY_BYTES="65536"))
    assert content(narrow, upload(narrow, data)).content == data


# ---------------------------------------------------------------- who sees it

def test_a_file_is_seen_by_who_answers_for_its_unit(mine, county, client):
    file = upload(mine, picture(500, 16))
    for who in (county, client("sector_officer", region="1506", sectors=["coal"]), client("auditor", region="15")):
        assert content(who, file).status_code == 200
    for who in (client("enterprise_reporter", unit=OTHER.id), client("county_officer", region="150621"),
                client("sector_officer", region="1506", sectors=["road_traffic"]), client("auditor", region="1501")):
        for path in (f"{PATH}/{file['id']}", f"{PATH}/{file['id']}/content"):
            assert who.get(path).status_code == 404 and who.head(path).status_code == 404
        assert file["id"] not in {f["id"] for f in who.items(f"{PATH}?limit=200")}


def test_only_the_unit_of_the_file_sends_its_bytes(mine, county, client):
    data = picture(500, 17)
    file = begin(mine, data)
    assert put(county, file, 0, data).status_code == 403 and complete(county, file).status_code == 403
    stranger = client("enterprise_reporter", unit=OTHER.id)
    assert put(stranger, file, 0, data).status_code == 404 and complete(stranger, file).status_code == 404


def test_an_office_sees_its_own_files_beyond_its_region_and_sectors(client):
    office = client("sector_officer", region="150621", sectors=["coal"], unit=tree.body("coal", "150622").id)
    file = upload(office, picture(500, 18))
    assert "sector" not in file and file["region_code"] == "150622"
    assert content(office, file).status_code == 200
    assert file["id"] in {f["id"] for f in office.items(f"{PATH}?limit=2")}
    assert file["id"] not in {f["id"] for f in client("sector_officer", region="150621", sectors=["coal"]).items(PATH)}


def test_a_list_holds_each_file_once_latest_first_and_counts(mine, client):
    files = [begin(mine, picture(50, 100 + n)) for n in range(3)]
    both = client("county_officer", region="150622", unit=OWN.id)  # the scope holds the unit's files too
    for who in (mine, both):
        listed = who.items(f"{PATH}?limit=2")
        ids = [f["id"] for f in listed]
        assert len(ids) == len(set(ids)) and ids[:3] == [f["id"] for f in reversed(files)]
        assert [f["created_at"] for f in listed] == sorted((f["created_at"] for f in listed), reverse=True)
        counted = who.get(f"{PATH}?limit=1", headers={"Prefer": "count=exact"}).json()["page"]["total"]
        assert counted == len(ids)
    assert {f["state"] for f in mine.items(f"{PATH}?state=uploading&limit=200")} == {"uploading"}
    assert {f["unit_id"] for f in both.items(f"{PATH}?unit_id={OWN.id}&limit=200")} == {OWN.id}


# ---------------------------------------------------------------- downloading

@pytest.fixture(scope="module")
def film(mine):
    """Four chunks and some, and its bytes."""
    data = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + noise(4 * CHUNK + 1234, 19)
    return upload(mine, data, "3号工作面 顶板“垮落”.mp4", "video/mp4"), data


@pytest.mark.parametrize("asked,first,last", [
    ("bytes=0-0", 0, 0), ("bytes=0-", 0, -1), ("bytes=100-199", 100, 199), (f"bytes={CHUNK - 1}-{CHUNK}", CHUNK - 1, CHUNK),
    (f"bytes={CHUNK}-", CHUNK, -1), ("bytes=-1", -1, -1), ("bytes=-700000", -700000, -1), ("bytes=5-99999999999", 5, -1),
    ("bytes=-99999999999", 0, -1), ("BYTES=7-8", 7, 8)])
def test_one_range_is_sent_alone(mine, film, asked, first, last):
    file, data = film
    first, last = first % len(data), last % len(data)
    answer = content(mine, file, Range=asked)
    assert answer.status_code == 206 and answer.content == data[first:last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
    assert answer.headers["Content-Length"] == str(last + 1 - first) and answer.headers["ETag"] == f'"{file["sha256"]}"'


@pytest.mark.parametrize("asked", ["bytes=9-3", "bytes=a-b", "bytes=", "bytes=-", "items=0-1", "bytes=0-1,3-4", "0-1", "bytes=1",
                                   "bytes=99999999999999999999-"])
def test_a_range_that_is_none_is_passed_over(mine, film, asked):
    answer = content(mine, film[0], Range=asked)
    assert answer.status_code == 200 and answer.content == film[1] and "Content-Range" not in answer.headers


@pytest.mark.parametrize("asked", ["bytes={}-", "bytes={}-99999999999", "bytes=-0"])
def test_a_range_beyond_the_end_is_416_and_says_where_the_end_is(mine, film, asked):
    answer = content(mine, film[0], Range=asked.format(len(film[1])))
    assert answer.status_code == 416 and answer.headers["Content-Range"] == f"bytes */{len(film[1])}"
    assert answer.json()["code"] == "range-not-satisfiable"


def test_if_range_gives_the_rest_of_the_same_and_all_of_another(mine, film):
    file, data = film
    same = content(mine, file, Range="bytes=10-", **{"If-Range": f'"{file["sha256"]}"'})
    assert same.status_code == 206 and same.content == data[10:]
    for other in ('"x"', f'W/"{file["sha256"]}"', file["sha256"], same.headers["Last-Modified"]):
        answer = content(mine, file, Range="bytes=10-", **{"If-Range": other})
        assert answer.status_code == 200 and answer.content == data


def test_what_one_has_is_304_and_a_head_is_a_download_without_bytes(mine, film):
    file, data = film
    path = f"{PATH}/{file['id']}/content"
    held = mine.get(path, if_none_match=file["sha256"], headers={"Range": "bytes=0-1"})
    assert held.status_code == 304 and not held.content
    head = mine.head(path, headers={"Range": "bytes=0-1"})
    assert head.status_code == 200 and head.headers["Content-Length"] == str(len(data)) and not head.content
    assert head.headers["Content-Disposition"] == mine.get(path).headers["Content-Disposition"]
    assert mine.get(f"{PATH}/{file['id']}", headers={"If-None-Match": mine.get(f"{PATH}/{file['id']}").headers["ETag"]}
                    ).status_code == 304


def test_a_chinese_name_comes_back_in_utf_8_and_cannot_break_the_header(mine, film):
    answer = content(mine, film[0], Range="bytes=0-0")
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="3____ ______.mp4"; filename*=UTF-8\'\'3%E5%8F%B7%E5%B7%A5%E4%BD%9C%E9%9D%A2%20%E9%A1%B6%E6%9D%BF'
        '%E2%80%9C%E5%9E%AE%E8%90%BD%E2%80%9D.mp4')
    assert answer.headers["Content-Type"] == "application/octet-stream"
    quoted = upload(mine, picture(100, 20), 'a"; filename=b.png')
    assert content(mine, quoted).headers["Content-Disposition"] == (
        'attachment; filename="a__ filename_b.png"; filename*=UTF-8\'\'a%22%3B%20filename%3Db.png')


def test_a_download_is_never_compressed(mine):
    data = ("安全生产检查记录\n" * 5000).encode()
    answer = content(mine, upload(mine, data, "a.txt", "text/plain"), **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers and answer.content == data


def narrow_download(who, file: dict) -> http.client.HTTPResponse:
    """Over a connection whose receive buffer is small: what the client does not read stays with the service."""
    port = int(who.url.rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
    connection.sock.connect(("127.0.0.1", port))
    connection.request("GET", f"{PATH}/{file['id']}/content", headers={"Authorization": f"Bearer {who.token}"})
    return connection.getresponse()


def test_a_large_file_is_sent_in_bounded_memory_and_holds_no_connection(make_service, database, client):
    service = make_service(database, ANZE_POOL_SIZE="1")
    who = client("enterprise_reporter", unit=OWN.id, to=service)
    data = picture(24 * 1024 * 1024, 21)
    file = upload(who, data)
    before = service.resident_kib()
    slow = [narrow_download(who, file) for _ in range(8)]
    begun = time.monotonic()
    for _ in range(20):  # eight clients have begun and do not read; the only connection to the database is free
        assert who.get(f"{PATH}/{file['id']}").status_code == 200
    assert time.monotonic() - begun < 5
    grown = service.resident_kib() - before
    assert grown < 16 * 1024, f"{grown} KiB for eight downloads of 24 MiB"
    assert hashlib.sha256(slow[0].read()).hexdigest() == file["sha256"]
    for answer in slow[1:]:  # gone in the middle
        answer.close()
    assert content(who, file, Range="bytes=-5").content == data[-5:]


def test_each_of_several_event_threads_sends_files(make_service, database, client, film):
    file, data = film
    service = make_service(database, ANZE_EVENT_THREADS="3")
    for who in [client("enterprise_reporter", unit=OWN.id, to=service) for _ in range(9)]:  # a connection each
        assert content(who, file).content == data and content(who, file, Range="bytes=-9").content == data[-9:]
    assert content(who, upload(who, picture(CHUNK + 1, 29))).status_code == 200


def test_a_slow_reader_that_makes_progress_is_not_cut_and_one_that_stops_is(make_service, database, client):
    service = make_service(database, ANZE_REQUEST_TIMEOUT_S="1")  # 512 KiB within two seconds
    who = client("enterprise_reporter", unit=OWN.id, to=service)
    data = picture(24 * 1024 * 1024, 30)
    file = upload(who, data)

    def slowly(pauses: list[float]) -> int:
        answer = narrow_download(who, file)
        taken = 0
        for pause in pauses:
            taken += len(answer.read(4 * 1024 * 1024))
            time.sleep(pause)
        return taken + len(answer.read())

    assert slowly([1.0] * 3) == len(data), "three seconds, each with its progress"
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        slowly([3.5])
    assert service.metric("anze_http_connections_cut_total") == 1


def test_a_broken_download_does_not_look_whole(make_service, make_cluster, make_database, client):
    cluster = make_cluster()
    service = make_service(make_database(cluster))
    who = client("enterprise_reporter", unit=OWN.id, to=service)
    file = upload(who, picture(24 * 1024 * 1024, 22))
    answer = narrow_download(who, file)
    assert len(answer.read(1000)) == 1000
    cluster.kill()
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        answer.read()
    assert any(line.get("event") == "download-broken" for line in service.log)


# ---------------------------------------------------------------- forgotten, recorded, referred to

def test_uploads_are_forgotten_a_day_after_their_last_chunk_and_at_the_latest_after_7_days(mine, database):
    data = picture(600, 23)
    given_up, slow, endless, fresh, done = [begin(mine, data) for _ in range(4)] + [upload(mine, data)]
    ages = [(given_up, 1.1, 25), (slow, 6.9, 23), (endless, 7.1, 1), (fresh, 0.9, 25), (done, 400, 10000)]  # days, hours
    for file in (given_up, slow, endless):
        put_all(mine, file, data)
    with database.admin() as admin:
        for file, days, hours in ages:
            admin.execute("update anze.file_chunk set received_at = now() - %s * interval '1 hour' where content_id = %s",
                          (hours, file["id"]))
            admin.execute("update anze.file set created_at = now() - %s * interval '1 day' where id = %s", (days, file["id"]))

    def found():
        return [mine.get(f"{PATH}/{file['id']}").status_code for file, _, _ in ages]
    until = time.monotonic() + 30  # the running service's sweeper does it
    while found() != [404, 200, 404, 200, 200]:
        assert time.monotonic() < until, f"nobody forgets the uploads: {found()}"
        time.sleep(0.05)
    assert database.value("select count(*) from anze.file_chunk where content_id = any (%s)",
                          [given_up["id"], endless["id"]]) == 0


def test_the_audit_knows_the_file_and_not_its_name_or_bytes(mine, database):
    file = upload(mine, picture(700, 24), "张三身份证.png")
    with database.admin() as admin:
        rows = admin.execute("select action, operation, actor, change from audit.entry where object_type = 'anze.file'"
                             " and object_id = %s order by id", (file["id"],)).fetchall()
    assert [row[:3] for row in rows] == [("insert", "createFile", "mine-1"), ("update", "completeFile", "mine-1")]
    assert rows[0][3]["name"].startswith("***") and rows[1][3]["state"] == {"old": "uploading", "new": "complete"}
    assert database.value("select count(*) from audit.entry where object_type like 'anze.file_c%%'") == 0


def test_references_to_files_are_faults_unless_seen_and_complete(mine, client, database):
    good, unfinished = upload(mine, picture(800, 25)), begin(mine, picture(800, 26))
    foreign = upload(client("enterprise_reporter", unit=OTHER.id), picture(800, 27))
    ids = [good["id"], unfinished["id"], foreign["id"], "0190a5c2-0001-7000-8000-00000000dead", good["id"]]
    with database.owner() as owner:  # as the functions that write call it
        owner.execute("select set_config('anze.reach', 'unit', true), set_config('anze.unit', %s, true)", (OWN.id,))
        found = owner.execute("select anze.files_faults(%s::uuid[], '/evidence')", (ids,)).fetchone()[0]
        none = owner.execute("select anze.files_faults('{}', '/evidence')").fetchone()[0]
    assert [(f["pointer"], f["rule"]) for f in found] == [
        ("/evidence/1", "not-complete"), ("/evidence/2", "unknown-reference"), ("/evidence/3", "unknown-reference")]
    assert none == []
