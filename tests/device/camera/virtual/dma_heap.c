// A DMA heap for a machine whose kernel has none: libcamera's virtual camera takes its buffers from /dev/dma_heap, and
// so does picamera2. Loaded with LD_PRELOAD; buffers are anonymous files, which can be mapped just as well.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const char HEAPS[] = "/dev/dma_heap/";

static int opened(const char *name, const char *path, int flags, mode_t mode) {
  if (path && !strncmp(path, HEAPS, sizeof HEAPS - 1)) return memfd_create("dma-heap", MFD_CLOEXEC);
  int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
  return next(path, flags, mode);
}

static mode_t mode_of(int flags, va_list given) {
  return flags & (O_CREAT | __O_TMPFILE) ? va_arg(given, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list given;
  va_start(given, flags);
  mode_t mode = mode_of(flags, given);
  va_end(given);
  return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list given;
  va_start(given, flags);
  mode_t mode = mode_of(flags, given);
  va_end(given);
  return opened("open64", path, flags, mode);
}

static int allocate(struct dma_heap_allocation_data *wanted) {
  int buffer = memfd_create("dma-buffer", MFD_CLOEXEC);
  if (buffer < 0) return -1;
  if (ftruncate(buffer, (off_t)wanted->len)) {
    close(buffer);
    return -1;
  }
  wanted->fd = (__u32)buffer;
  return 0;
}

int ioctl(int file, unsigned long request, ...) {
  va_list given;
  va_start(given, request);
  void *argument = va_arg(given, void *);
  va_end(given);
  switch (request) {
    case DMA_HEAP_IOCTL_ALLOC:
      return allocate(argument);
    case DMA_BUF_IOCTL_SYNC:    // memory is as the processor sees it
    case DMA_BUF_SET_NAME_A:
    case DMA_BUF_SET_NAME_B:
      return 0;
    default: {
      int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
      return next(file, request, argument);
    }
  }
}
