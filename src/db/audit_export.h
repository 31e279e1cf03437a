#ifndef DB_AUDIT_EXPORT_H
#define DB_AUDIT_EXPORT_H

#include "audit_reader.h"

/* A file of a month, line by line JSON:
 *   {"anze_audit":1,"month":"2026-11"}
 *   {"seq":…,"kind":"sm3","moment":…|null,"previous":"hex","digest":"hex","n":…,"leaves":"hex"|null}   a link or seal
 *   {"place":…,"fields":[13 texts or null]}             each of its entries that is of the month, by its place there
 *   {"steps":…,"entries":…,"digest":"hex"}              SM3 of all bytes before this line */
#define AUDIT_EXPORT_VERSION "1"

#endif
