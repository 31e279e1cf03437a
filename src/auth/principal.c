#include "anze/auth/principal.h"

#include <string.h>

bool principal_has_scope(const struct principal *principal, const char *scope)
{
    size_t length = strlen(scope);
    for (const char *at = principal->scopes; length && (at = strstr(at, scope)); at += length)
        if ((at == principal->scopes || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}
