/* Preloaded under valgrind: PCRE2 then interprets its patterns. Code that its compiler makes reads whole words past the
 * end of a subject on purpose, which valgrind can only take for an error. */
int pcre2_jit_compile_8(void *code, unsigned int options);

int pcre2_jit_compile_8(void *code, unsigned int options)
{
    (void)code, (void)options;
    return -45; /* PCRE2_ERROR_JIT_BADOPTION */
}
