/* Any bytes as a request body: read strictly, checked against schemas that use every keyword, quietly and with all
 * faults. The two verdicts agree, a fault is there exactly when the value is refused, and the reply is JSON. */
#include "../unit/contract_example.h"
#include "anze/base/json.h"

static const char every_keyword[] =
    "{'$defs':{'tree':{'type':['object','array','string','number','null'],'maxProperties':6,'minProperties':0,"
    "'properties':{'a':{'$ref':'#/$defs/tree'},'n':{'type':'integer','minimum':-5,'maximum':50,'multipleOf':5},"
    "'r':{'type':'number','exclusiveMinimum':-1.5,'exclusiveMaximum':1e300,'multipleOf':0.01},"
    "'u':{'format':'uri'},'e':{'format':'email'},'d':{'format':'date'},'t':{'format':'date-time'},'i':{'format':'uuid'},"
    "'c':{'format':'credit-code'},'g':{'format':'region-code'},'p':{'format':'plain-text'},'m':{'format':'multiline-text'},"
    "'s':{'pattern':'^(a|b)*c$','minLength':2,'maxLength':8},'k':{'const':{'x':[1,2.0,null]}},"
    "'w':{'enum':['x',1,null,[1],{'y':1}]}},"
    "'patternProperties':{'^x':{'$ref':'#/$defs/tree'}},'propertyNames':{'maxLength':3},"
    "'additionalProperties':{'type':'boolean'},'dependentRequired':{'a':['n']},'dependentSchemas':{'r':{'required':['w']}},"
    "'prefixItems':[{'type':'string'}],'items':{'$ref':'#/$defs/tree'},'minItems':1,'maxItems':50,'uniqueItems':true,"
    "'contains':{'type':'string'},'minContains':1,'maxContains':3,"
    "'anyOf':[{'type':'object','required':['a']},{'type':'array'},{'type':['string','number','null']},{'$ref':'#/$defs/leaf'}],"
    "'oneOf':[{'type':'object'},{'type':['array','string','number','null'],'not':{'const':0}}],"
    "'if':{'required':['n']},'then':{'required':['s']},'else':{'allOf':[true,{'not':{'required':['w','k']}}]}},"
    "'leaf':{'type':'object','maxProperties':2}},'$ref':'#/$defs/tree'}";

static struct schema *compile_every_keyword(struct arena *arena)
{
    char *text = arena_strdup(arena, every_keyword);
    struct text complaints = text_on(arena);
    json_t *node = NULL;
    size_t offset;
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    struct schema *schema = json_read_trusted(arena, slice_of(text), &node, &offset)
                                ? schema_compile(schema_set_new(arena, node), node, "#", &complaints) : NULL;
    if (!schema)
        abort();
    return schema;
}

static void check(struct arena *arena, const struct schema *schema, const json_t *value)
{
    struct problem problem = { 0 };
    bool quiet = schema_check(schema, value, arena, "body", "", PROBLEM_VALIDATION_FAILED, NULL);
    bool loud = schema_check(schema, value, arena, "body", "", PROBLEM_VALIDATION_FAILED, &problem);
    if (quiet != loud || loud != (problem.n_faults == 0))
        abort();
    if (loud)
        return;
    struct problem unread = { 0 };
    json_t *reply;
    if (!json_read(arena, problem_render(arena, &problem, LANGUAGE_ZH, "/v1/things", NULL), &reply, &unread))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *everything;
    static const struct contract *contract;
    if (!contract) {
        contract = example_contract(arena_new());
        everything = compile_every_keyword(arena_new());
    }
    AUTO(arena_free_at_end) struct arena *arena = arena_new();
    struct problem problem = { 0 };
    json_t *value = NULL;
    if (!json_read(arena, (struct slice){ (const char *)data, size }, &value, &problem)) {
        if (problem.code != PROBLEM_INVALID_JSON || problem.n_faults != 1 || !problem.extra)
            abort();
        return 0;
    }
    check(arena, everything, value);
    check(arena, contract_operation(contract, "addThing")->body, value);
    return 0;
}
