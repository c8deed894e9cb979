#include "store/row.h"

static const struct field fields[] = {
	FIELD(TEXT, device_code_row, code),      FIELD(I64, device_code_row, mesh_no),
	FIELD(I64, device_code_row, member_no),  FIELD(I64, device_code_row, until_ms),
	FIELD(I64, device_code_row, expires_s),  FIELD(TEXT, device_code_row, signature),
	FIELD(TEXT, device_code_row, introduction), { 0 },
};

void store_device_code_add(struct store *st, const struct device_code_row *d)
{
	row_queue(st, Q_DEVICE_CODE_ADD, fields, d);
}

struct err *store_device_code(struct store *st, struct arena *a, str code, struct device_code_row **ret_code)
{
	return row_get(st, a, Q_DEVICE_CODE, DB_VALUES(text_value(code)), fields, sizeof(**ret_code),
		       (void **)ret_code);
}

void store_device_codes_remove(struct store *st, i64 mesh_no, i64 member_no)
{
	QUEUE(st, DEVICE_CODES_REMOVE, V(mesh_no), V(member_no));
}
