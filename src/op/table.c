#include "anze/op/table.h"

const struct op_exception op_exceptions[] = {
    { "getServiceDescription", op_service_description },
    { "getOpenapi", op_openapi_json },
    { "getOpenapiYaml", op_openapi_yaml },
    { "getHealth", op_health },
    { "getReadiness", op_readiness },
    { "getMetrics", op_metrics },
    { "getKeySet", op_key_set },
    { "getSecurityText", op_security_text },
    { "getApiCatalog", op_api_catalog },
    { "getFileContent", op_file_content, { "readFileChunk" }, op_file_slots },
    { "completeFile", op_complete_file, { "beginFileCheck", "readFileChunk", "discardFileChunks" }, op_file_slots },
};
const size_t n_op_exceptions = ARRAY_LENGTH(op_exceptions);
