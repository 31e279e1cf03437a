#ifndef ANZE_CONTRACT_CONTRACT_RESPONSE_H
#define ANZE_CONTRACT_CONTRACT_RESPONSE_H

#include "contract_loader.h"

bool loader_responses(struct loader *loader, const char *where, const json_t *responses, struct operation *operation);
bool loader_response(struct loader *loader, const char *where, const json_t *node);
bool loader_header(struct loader *loader, const char *where, const json_t *node);

#endif
