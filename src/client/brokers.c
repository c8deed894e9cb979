#include "client/brokers.h"

#include "client/file.h"
#include "client/json_file.h"

#define BROKER_ARGS(F, T) \
	F(T, str, url, REQ, 1, 0, "ws address") \
	F(T, bool, hello2, OPT, 0, 0, "it once sent a challenge")
JSON_LIST(broker, BROKER_ARGS);
#define JSON_C_broker_rows struct broker_list
#define JSON_KIND_broker_rows JSON_K_LIST
#define JSON_SUB_broker_rows &broker_list_type

#define BROKERS_ARGS(F, T) F(T, broker_rows, brokers, OPT, 0, 0, "brokers we have spoken to")
JSON_ARGS(brokers, BROKERS_ARGS);

static struct broker_args *find_broker(const struct brokers_args *all, str url)
{
	for (size_t i = 0; i < all->brokers.n; i++)
		if (str_eq(all->brokers.items[i].url, url))
			return &all->brokers.items[i];
	return NULL;
}

struct err *brokers_get_hello2(struct arena *a, const struct paths *p, str url, bool *ret_hello2)
{
	const struct broker_args *broker;
	struct brokers_args all;
	bool found;

	TRY(json_file_load(a, p->brokers, brokers_fields, &all, sizeof(all), &found));
	broker = find_broker(&all, url);
	*ret_hello2 = broker && broker->hello2;
	return NULL;
}

static struct err *add_hello2(struct arena *a, const struct paths *p, str url)
{
	struct brokers_args all;
	struct broker_args *broker;
	bool found;

	TRY(json_file_load(a, p->brokers, brokers_fields, &all, sizeof(all), &found));
	broker = find_broker(&all, url);
	if (broker && broker->hello2)
		return NULL;
	if (!broker) {
		struct broker_args *items = NEW_ARRAY(a, struct broker_args, all.brokers.n + 1);

		for (size_t i = 0; i < all.brokers.n; i++)
			items[i] = all.brokers.items[i];
		broker = &items[all.brokers.n++];
		broker->url = url;
		all.brokers.items = items;
	}
	/* At the limit we refuse rather than forget one: forgetting would allow its fall back. */
	if (all.brokers.n > FIELD_LIST_MAX)
		return FAIL(a, TOO_LARGE, "'%.*s' lists %d brokers already", STRF(p->brokers),
			    FIELD_LIST_MAX);
	broker->hello2 = true;
	return json_file_save(a, p->brokers, brokers_fields, &all);
}

struct err *brokers_set_hello2(struct arena *a, const struct paths *p, str url)
{
	struct file_lock *lock;
	struct err *e;
	bool known;

	TRY(brokers_get_hello2(a, p, url, &known));
	if (known)
		return NULL;
	TRY(paths_make(a, p));
	TRY(file_lock(a, p->lock, FILE_LOCK_MS, &lock));
	e = add_hello2(a, p, url);
	file_unlock(lock);
	return e;
}
