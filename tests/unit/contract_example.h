#ifndef ANZE_TESTS_CONTRACT_EXAMPLE_H
#define ANZE_TESTS_CONTRACT_EXAMPLE_H

/* A small contract that has one of everything; for the unit tests and fuzz targets of the contract layer. */
#include "anze/contract/contract.h"
#include "anze/contract/parameters.h"
#include "anze/contract/route.h"
#include "anze/contract/schema.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EXAMPLE_NAMES(id) "'operationId':'" id "','tags':['things'],'summary':'s','x-anze-summary-zh':'z',"
#define EXAMPLE_JSON "'200':{'description':'d','content':{'application/json':{'schema':{'type':'object'}}}}"
#define EXAMPLE_THING "{'name':'thing_id','in':'path','required':true,'schema':{'type':'string','format':'uuid'}}"

static const char example_document[] =
    "{'openapi':'3.1.0','info':{},'security':[{'token':['things:read']}],"
    "'components':{'securitySchemes':{'token':{'type':'http','scheme':'bearer'}},"
    "'schemas':{'thing':{'type':'object','additionalProperties':false,'required':['name'],'properties':{"
    "'name':{'type':'string','format':'plain-text','minLength':1,'maxLength':20},"
    "'kind':{'enum':['mine','road']},'count':{'type':'integer','minimum':0},"
    "'code':{'type':'string','pattern':'^[A-Z]{2}[0-9]+$'},'when':{'type':'string','format':'date-time'},"
    "'parts':{'type':'array','maxItems':5,'uniqueItems':true,'items':{'$ref':'#/components/schemas/thing'}},"
    "'where':{'oneOf':[{'type':'object','required':['at'],'properties':{'at':{'const':'mine'},'depth':{'type':'number'}}},"
    "{'type':'object','required':['at'],'properties':{'at':{'const':'road'},'km':{'type':'integer'}}}]}},"
    "'if':{'properties':{'kind':{'const':'mine'}}},'then':{'dependentRequired':{'count':['when']}}}}},"
    "'paths':{"
    "'/healthz':{'get':{" EXAMPLE_NAMES("health") "'security':[],'x-anze-listeners':['admin'],'x-anze-no-store':true,"
    "'responses':{'204':{'description':'d'}}}},"
    "'/v1/things':{'get':{" EXAMPLE_NAMES("listThings") "'x-anze-list':true,'parameters':["
    "{'name':'limit','in':'query','schema':{'type':'integer','minimum':1,'maximum':100,'default':20}},"
    "{'name':'cursor','in':'query','schema':{'type':'string','maxLength':1000}},"
    "{'name':'q','in':'query','schema':{'type':'string','minLength':2,'maxLength':10}},"
    "{'name':'open','in':'query','schema':{'type':'boolean'}},"
    "{'name':'since','in':'query','schema':{'type':'string','format':'date'}},"
    "{'name':'ratio','in':'query','schema':{'type':'number'}},"
    "{'name':'kind','in':'query','explode':false,'schema':{'type':'array','uniqueItems':true,'maxItems':3,"
    "'items':{'type':'string','maxLength':8}}},"
    "{'name':'level','in':'query','explode':false,'schema':{'type':'array','items':{'type':'integer'}}},"
    "{'name':'Prefer','in':'header','schema':{'type':'string','maxLength':100}}],"
    "'responses':{" EXAMPLE_JSON "}},"
    "'post':{" EXAMPLE_NAMES("addThing") "'parameters':["
    "{'name':'Idempotency-Key','in':'header','required':true,'schema':{'type':'string','maxLength':255}}],"
    "'requestBody':{'required':true,'content':{'application/json':{'schema':{'$ref':'#/components/schemas/thing'}}}},"
    "'responses':{'201':{'description':'d'}}}},"
    "'/v1/things/token':{'post':{" EXAMPLE_NAMES("askToken") "'security':[],"
    "'requestBody':{'required':true,'content':{'application/x-www-form-urlencoded':{'schema':{'type':'object',"
    "'required':['grant_type'],'properties':{'grant_type':{'const':'client_credentials'},'scope':{'type':'string'}}},"
    "'example':{'grant_type':'client_credentials'}}}},'x-anze-errors':'oauth','responses':{" EXAMPLE_JSON ","
    "'400':{'description':'d','content':{'application/json':{'schema':{'type':'object'}}}},"
    "'401':{'description':'d','content':{'application/json':{'schema':{'type':'object'}}}}}}},"
    "'/v1/things/events':{'get':{" EXAMPLE_NAMES("watchThings") "'security':[],'responses':{'200':{'description':'d',"
    "'content':{'text/event-stream':{'schema':{'type':'string'}},'application/json':{'schema':{'type':'object'}}}}}}},"
    "'/v1/things/newest':{'get':{" EXAMPLE_NAMES("newestThing") "'responses':{" EXAMPLE_JSON "}}},"
    "'/v1/things/{thing_id}':{'parameters':[" EXAMPLE_THING "],"
    "'get':{" EXAMPLE_NAMES("getThing") "'x-anze-cache-control':'private, max-age=5','parameters':["
    "{'name':'If-None-Match','in':'header','schema':{'type':'string'}}],"
    "'responses':{" EXAMPLE_JSON ",'304':{'description':'d'}}},"
    "'patch':{" EXAMPLE_NAMES("changeThing") "'parameters':["
    "{'name':'If-Match','in':'header','required':true,'schema':{'type':'string','maxLength':100,'pattern':'^[^*]'}},"
    "{'name':'Idempotency-Key','in':'header','schema':{'type':'string'}},"
    "{'name':'reason','in':'query','required':true,'schema':{'type':'string'}}],"
    "'requestBody':{'required':true,'content':{'application/merge-patch+json':{'schema':{'type':'object'}}}},"
    "'responses':{" EXAMPLE_JSON "}},"
    "'delete':{" EXAMPLE_NAMES("removeThing") "'parameters':["
    "{'name':'If-Match','in':'header','required':true,'schema':{'type':'string'}}],"
    "'responses':{'204':{'description':'d'}}}},"
    "'/v1/things/{thing_id}/parts/{part}':{'get':{" EXAMPLE_NAMES("getPart") "'parameters':["
    "{'name':'note','in':'query','schema':{'type':'string'}},"
    "{'name':'part','in':'path','required':true,'schema':{'type':'integer','minimum':1}}," EXAMPLE_THING "],"
    "'responses':{" EXAMPLE_JSON "}}}}}";

static struct contract *example_contract(struct arena *arena)
{
    char *document = arena_strdup(arena, example_document);
    struct text complaints = text_on(arena);
    for (char *c = document; *c; c++)
        if (*c == '\'')
            *c = '"';
    struct contract *contract = contract_load(arena, slice_of(document), &complaints);
    if (!contract) {
        fputs(text_slice(&complaints).bytes, stderr);
        abort();
    }
    return contract;
}

#endif
