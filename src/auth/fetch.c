#include "fetch.h"
#include "anze/base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

enum { DOCUMENT_MAX_BYTES = 256 * 1024, CONNECT_MS = 5000, HTTP_OK = 200 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void library_open(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        abort();
}

static bool is_loopback(const char *host)
{
    struct in_addr four;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return strcmp(host, "[::1]") == 0;
}

static bool is_allowed(const char *scheme, const char *host, const char *user)
{
    if (user)
        return false;
    return strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_loopback(host));
}

bool fetch_allows(const char *text)
{
    pthread_once(&once, library_open);
    char *scheme = NULL, *host = NULL, *user = NULL;
    CURLU *url = curl_url();
    bool good = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    if (good)
        curl_url_get(url, CURLUPART_USER, &user, 0);
    good = good && is_allowed(scheme, host, user);
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(url);
    return good;
}

/* libcurl cuts the transfer when less is taken than it has. */
static size_t fetch_take(char *bytes, size_t size, size_t n, void *context)
{
    struct text *document = context;
    if (document->length + size * n > DOCUMENT_MAX_BYTES)
        return 0;
    text_add(document, bytes, size * n);
    return size * n;
}

static int fetch_look(void *context, curl_off_t total, curl_off_t now, curl_off_t total_sent, curl_off_t sent)
{
    const struct fetch *fetch = context;
    (void)total, (void)now, (void)total_sent, (void)sent;
    return fetch->gives_up(fetch->context);
}

static void limits_set(CURL *curl, const char *url)
{
    bool is_plain = strncasecmp(url, "http:", 5) == 0;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, is_plain ? "*" : NULL);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)DOCUMENT_MAX_BYTES);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

static CURLcode transfer(CURL *curl, const struct fetch *fetch, struct text *document, char *error)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/jwk-set+json, application/json");
    limits_set(curl, fetch->url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, fetch->within_ms);
    if (fetch->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_file);
    curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "anze/" ANZE_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, fetch_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, document);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, fetch_look);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    return code;
}

bool fetch_document(struct arena *arena, const struct fetch *fetch, struct slice *ret_document, const char **ret_why)
{
    pthread_once(&once, library_open);
    struct text document = text_on(arena);
    char error[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURL *curl = curl_easy_init();
    if (!curl)
        abort(); /* out of memory */
    CURLcode code = transfer(curl, fetch, &document, error);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    *ret_document = text_slice(&document);
    if (code != CURLE_OK)
        *ret_why = arena_strdup(arena, *error ? error : curl_easy_strerror(code));
    else if (status != HTTP_OK)
        *ret_why = arena_printf(arena, "answered %ld", status);
    return code == CURLE_OK && status == HTTP_OK;
}
