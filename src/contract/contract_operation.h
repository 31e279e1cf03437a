#ifndef ANZE_CONTRACT_CONTRACT_OPERATION_H
#define ANZE_CONTRACT_CONTRACT_OPERATION_H

#include "contract_loader.h"

bool loader_operation(struct loader *loader, const char *path, const json_t *item, const json_t *node,
                      struct operation *operation);
bool loader_parameter(struct loader *loader, const char *where, const json_t *node, struct parameter *parameter);
bool loader_body(struct loader *loader, const char *where, const json_t *node, struct operation *operation);

#endif
