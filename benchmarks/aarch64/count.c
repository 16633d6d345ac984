/* A QEMU plugin that counts the instructions a guest executes: qemu-aarch64 -plugin count.so,into=FILE …
 *
 * The guest sets a mark by asking for its own process id with two arguments that getpid ignores, MARK and a number of
 * its choice; FILE then gets a line with that number and the instructions executed so far, this thread's and all others'.
 *
 * Debian ships QEMU without qemu-plugin.h: what is used of its interface, version 1, is declared here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define GETPID 172      /* aarch64's number of it */
#define MARK 0x706f7374 /* as in invokes.py */

typedef uint64_t plugin_id;
typedef struct machine machine; /* what qemu_info_t tells of it is not needed */
typedef struct block block;     /* qemu_plugin_tb: instructions that are translated together */
enum inline_operation { ADD_U64 };

typedef void on_block(plugin_id id, block *translated);
typedef void on_call(plugin_id id, unsigned int cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                     uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, on_block *callback);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id id, on_call *callback);
void qemu_plugin_register_vcpu_tb_exec_inline(block *of, enum inline_operation operation, void *to, uint64_t value);
size_t qemu_plugin_tb_n_insns(const block *of);

EXPORT int qemu_plugin_version = 1;

static uint64_t executed;
static FILE *into;

static void count_block(plugin_id id, block *translated) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(translated, ADD_U64, &executed, qemu_plugin_tb_n_insns(translated));
}

static void note_mark(plugin_id id, unsigned int cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                      uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)id, (void)cpu, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
  if (number != GETPID || a1 != MARK) return;
  fprintf(into, "%" PRIu64 " %" PRIu64 "\n", a2, executed);
  fflush(into);
}

EXPORT int qemu_plugin_install(plugin_id id, const machine *info, int count, char **options) {
  (void)info;
  if (count != 1 || strncmp(options[0], "into=", 5) || !(into = fopen(options[0] + 5, "w"))) {
    fprintf(stderr, "count.so: wants into=FILE, a file that can be written\n");
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
  qemu_plugin_register_vcpu_syscall_cb(id, note_mark);
  return 0;
}
