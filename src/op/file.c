#include "anze/base/crypto.h"
#include "anze/base/bytes.h"
#include "anze/base/log.h"
#include "anze/base/media.h"
#include "anze/op/run.h"
#include "anze/op/slot.h"
#include "anze/op/table.h"

#include <assert.h>
#include <stdlib.h>

/* Evidence files: what of them needs C, which is reading their bytes chunk by chunk. Each chunk is a trip of its own:
 * no connection to the database is held while a client reads, and no lock while bytes are digested. */

/* What the statements of these runners ask for besides. */
enum { CHUNK, ATTEMPT, FOUND_DIGEST, FOUND_TYPE };
const char *const op_file_slots[] = { "chunk", "attempt", "found_digest", "found_type", NULL };
static_assert(ARRAY_LENGTH(op_file_slots) - 1 <= SLOT_MAX_OWN, "there is room for each");

static const char **own(const struct call *call, const char **values)
{
    return values + slot_own(call->operation, 0);
}

static long long number_in(const struct db_row *row, const char *column)
{
    return strtoll(db_column(row, column).bytes, NULL, 10);
}

/* One chunk, on the call's arena. A chunk that is not there is the problem of whoever asked for it. */
static bool read_chunk(const struct call *call, struct statement *statement, const char **values, uint64_t number,
                       struct slice *ret_bytes)
{
    struct db_reply reply;
    own(call, values)[CHUNK] = arena_printf(call->arena, "%llu", (unsigned long long)number);
    if (!op_run(call, statement, values, OP_READS | OP_BINARY, &reply))
        return false;
    *ret_bytes = db_column(reply.row, "data");
    return ret_bytes->length || op_raise_absent(call);
}

/* ---- download ---- */

struct download {
    struct call call;    /* a copy, with an arena for the chunk at hand and a problem of its own */
    struct problem problem;
    const char **values;
    uint64_t chunk_size;
    uint64_t begin;      /* where the chunk at hand begins */
    struct slice bytes;
};

static void dispose_download(void *object)
{
    struct download *download = object;
    arena_free(download->call.arena);
}

static bool fetch_chunk(struct download *download, uint64_t at)
{
    uint64_t number = at / download->chunk_size;
    arena_free(download->call.arena);
    download->call.arena = arena_new();
    download->problem = (struct problem){ 0 };
    download->begin = number * download->chunk_size;
    download->bytes = SLICE_NONE;
    return read_chunk(&download->call, call_binding(&download->call)->more[0], download->values, number,
                      &download->bytes);
}

static bool read_download(void *context, uint64_t at, struct slice *ret_bytes)
{
    struct download *download = context;
    bool is_here = at >= download->begin && at - download->begin < download->bytes.length;
    if (!is_here && (!fetch_chunk(download, at) || at - download->begin >= download->bytes.length)) {
        log_event(LOG_WARNING_LEVEL, "download-broken", "\"request_id\":\"%s\",\"problem\":\"%s\"",
                  download->call.request_id, problem_kind(download->problem.code)->code);
        return false;
    }
    size_t skip = (size_t)(at - download->begin);
    *ret_bytes = (struct slice){ download->bytes.bytes + skip, download->bytes.length - skip };
    return true;
}

static struct download *new_download(const struct call *call, const char **values, const struct db_row *row)
{
    struct download *download = arena_new_of(call->arena, struct download);
    *download = (struct download){ .call = *call, .values = values,
                                   .chunk_size = (uint64_t)number_in(row, "chunk_size") };
    download->call.arena = NULL;
    download->call.problem = &download->problem;
    arena_defer(call->arena, dispose_download, download);
    return download;
}

bool op_file_content(struct call *call)
{
    const char **values = slots_fill(call, NULL);
    struct db_reply reply;
    if (!op_run(call, call_binding(call)->statement, values, OP_READS, &reply))
        return false;
    if (!reply.row)
        return op_raise_absent(call);
    op_reply_row(call, reply.row);
    call->reply->file_name = op_text_of(call, reply.row, "name");
    call->reply->source = (struct body_source){ read_download, new_download(call, values, reply.row),
                                                (uint64_t)number_in(reply.row, "size") };
    return true;
}

/* ---- completion ---- */

struct check {
    struct digest_stream *digest;
    struct text head; /* what libmagic looks at */
};

static void take_bytes(struct check *check, struct slice bytes)
{
    size_t wanted = MEDIA_HEAD_BYTES - check->head.length;
    crypto_digest_add(check->digest, bytes);
    if (wanted)
        text_add(&check->head, bytes.bytes, bytes.length < wanted ? bytes.length : wanted);
}

/* Every chunk has an arena of its own, so that a file is never in memory as a whole. */
static bool read_all(const struct call *call, const char **values, uint64_t n_chunks, struct check *check)
{
    for (uint64_t i = 0; i < n_chunks; i++) {
        AUTO(arena_free_at_end) struct arena *arena = arena_new();
        struct call one = *call;
        struct problem problem = { 0 };
        struct slice bytes;
        one.arena = arena;
        one.problem = &problem;
        if (!read_chunk(&one, call_binding(call)->more[1], values, i, &bytes)) {
            call->problem->retry_after_s = 1;
            return problem_raise(call->arena, call->problem, PROBLEM_UNAVAILABLE, "文件内容暂时无法读取，请稍后重试",
                                 "The bytes of the file cannot be read now: try again later");
        }
        take_bytes(check, bytes);
    }
    return true;
}

static bool examine(const struct call *call, const char **values, uint64_t n_chunks)
{
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    struct check check = { crypto_digest_begin(call->arena, DIGEST_SHA256), text_on(call->arena) };
    if (!read_all(call, values, n_chunks, &check))
        return false;
    crypto_digest_end(check.digest, digest);
    own(call, values)[FOUND_DIGEST] = bytes_hex(call->arena, digest, sizeof digest);
    own(call, values)[FOUND_TYPE] = media_type_of(call->arena, text_slice(&check.head));
    if (own(call, values)[FOUND_TYPE])
        return true;
    call->problem->cause = "libmagic does not work";
    return problem_raise(call->arena, call->problem, PROBLEM_INTERNAL, "服务内部错误", "The service failed");
}

/* What did not pass is thrown away. The client is told why it did not pass, whatever comes of this. */
static void discard(const struct call *call, const char *const *values)
{
    struct call again = *call;
    struct problem problem = { 0 };
    struct db_reply reply;
    again.problem = &problem;
    if (!op_run(&again, call_binding(call)->more[2], values, OP_PLAIN, &reply))
        log_event(LOG_WARNING_LEVEL, "upload-not-discarded", "\"request_id\":\"%s\"", call->request_id);
}

/* Looks whether all chunks are here, reads them, and lets SQL judge. */
bool op_complete_file(struct call *call)
{
    const char **values = slots_fill(call, NULL);
    struct db_reply reply;
    if (!op_run(call, call_binding(call)->more[0], values, OP_PLAIN, &reply))
        return false;
    own(call, values)[ATTEMPT] = op_text_of(call, reply.row, "attempt");
    uint64_t n_chunks = (uint64_t)number_in(reply.row, "chunk_count");
    if (n_chunks && !examine(call, values, n_chunks))
        return false;
    if (op_run(call, call_binding(call)->statement, values, OP_KEYED, &reply)) {
        call->reply->replayed = reply.replayed;
        op_reply_row(call, reply.row);
        return true;
    }
    if (call->problem->code == PROBLEM_VALIDATION_FAILED && !call->dry_run)
        discard(call, values);
    return false;
}
