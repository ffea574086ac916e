/* Stands between a program and its file operations (LD_PRELOAD): counts them over all threads, notes them, and lets a chosen one
 * fail or be the last.
 *
 *   FAULT_LOG=FILE     appends a line per operation: number, kind, name, path, and for two paths " -> " and the other
 *   FAULT_AT=N         strikes at the N-th operation, counted from 1
 *   FAULT_ERRNO=E      it fails with this error number; without it the process is killed before it
 *   FAULT_FOREVER=1    and so does every operation after it of a kind that such an error hits (all of them for EIO)
 *   FAULT_STRUCK=FILE  is made when it strikes
 *
 * Standard input and outputs are left alone. What a program asks of the kernel without its C library is not seen. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Kinds: O open to write, o open to read, w write, r read, s sync, m change of a name, t stat, l list, k lock, p position. */
static atomic_long count;
static long at = -1;
static int error_number, forever, log_fd = -1;
static const char *struck;

__attribute__((constructor)) static void begin(void) {
    const char *text;
    if ((text = getenv("FAULT_AT"))) at = atol(text);
    if ((text = getenv("FAULT_ERRNO"))) error_number = atoi(text);
    forever = getenv("FAULT_FOREVER") != 0;
    struck = getenv("FAULT_STRUCK");
    if ((text = getenv("FAULT_LOG")))
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* Whether an error of this number is one that hits operations of this kind, once a disk is full or descriptors have run out. */
static int lasts(char kind) {
    switch (error_number) {
    case ENOSPC: return strchr("Owms", kind) != 0;
    case EMFILE: return strchr("Ool", kind) != 0;
    case EACCES: return strchr("Oomlt", kind) != 0;
    default: return 1;
    }
}

static int strikes(char kind, const char *name, const char *path, const char *other, int fd) {
    long number = atomic_fetch_add(&count, 1) + 1;
    if (log_fd >= 0) {
        char line[4400], link[64], name_of[2048] = "?";
        if (!path && fd >= 0) {
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            long length = syscall(SYS_readlinkat, AT_FDCWD, link, name_of, sizeof name_of - 1);
            if (length > 0) name_of[length] = 0;
            path = name_of;
        }
        int length = snprintf(line, sizeof line, "%ld %c %s %s%s%s\n", number, kind, name, path ? path : "?",
                              other ? " -> " : "", other ? other : "");
        syscall(SYS_write, log_fd, line, length);
    }
    if (at <= 0 || number < at || (number > at && !(forever && lasts(kind)))) return 0;
    if (number == at && struck) {
        int made = (int)syscall(SYS_openat, AT_FDCWD, struck, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        syscall(SYS_close, made);
    }
    if (!error_number) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    errno = error_number;
    return 1;
}

#define REAL(type, name, ...)                                                                                        \
    static type (*real)(__VA_ARGS__);                                                                                \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)
#define STRIKE(kind, name, path, other, fd) \
    if (strikes(kind, name, path, other, fd)) return -1

static char opens(int flags) { return flags & (O_WRONLY | O_RDWR | O_CREAT) ? 'O' : 'o'; }

#define OPEN(name)                                            \
    int name(const char *path, int flags, ...) {              \
        va_list list;                                         \
        va_start(list, flags);                                \
        mode_t mode = va_arg(list, mode_t);                   \
        va_end(list);                                         \
        REAL(int, name, const char *, int, ...);              \
        STRIKE(opens(flags), "open", path, 0, -1);            \
        return real(path, flags, mode);                       \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                          \
    int name(int dir, const char *path, int flags, ...) {     \
        va_list list;                                         \
        va_start(list, flags);                                \
        mode_t mode = va_arg(list, mode_t);                   \
        va_end(list);                                         \
        REAL(int, name, int, const char *, int, ...);         \
        STRIKE(opens(flags), "open", path, 0, -1);            \
        return real(dir, path, flags, mode);                  \
    }
OPENAT(openat)
OPENAT(openat64)

#define ON_FD(type, name, kind, parameters, ...)              \
    type name parameters {                                    \
        REAL(type, name, __VA_ARGS__);                        \
        if (fd > 2) STRIKE(kind, #name, 0, 0, fd);
#define END(...)                                              \
        return real(__VA_ARGS__);                             \
    }
ON_FD(ssize_t, write, 'w', (int fd, const void *bytes, size_t n), int, const void *, size_t) END(fd, bytes, n)
ON_FD(ssize_t, writev, 'w', (int fd, const struct iovec *v, int n), int, const struct iovec *, int) END(fd, v, n)
ON_FD(ssize_t, pwrite64, 'w', (int fd, const void *b, size_t n, off_t o), int, const void *, size_t, off_t) END(fd, b, n, o)
ON_FD(ssize_t, read, 'r', (int fd, void *bytes, size_t n), int, void *, size_t) END(fd, bytes, n)
ON_FD(ssize_t, readv, 'r', (int fd, const struct iovec *v, int n), int, const struct iovec *, int) END(fd, v, n)
ON_FD(ssize_t, pread64, 'r', (int fd, void *b, size_t n, off_t o), int, void *, size_t, off_t) END(fd, b, n, o)
ON_FD(int, fsync, 's', (int fd), int) END(fd)
ON_FD(int, fdatasync, 's', (int fd), int) END(fd)
ON_FD(int, ftruncate64, 'w', (int fd, off_t length), int, off_t) END(fd, length)
ON_FD(int, flock, 'k', (int fd, int what), int, int) END(fd, what)
ON_FD(off_t, lseek64, 'p', (int fd, off_t o, int w), int, off_t, int) END(fd, o, w)
ON_FD(int, fchmod, 'm', (int fd, mode_t mode), int, mode_t) END(fd, mode)

#define ON_PATH(type, name, parameters, path, other, ...)     \
    type name parameters {                                    \
        REAL(type, name, __VA_ARGS__);                        \
        STRIKE('m', #name, path, other, -1);
ON_PATH(int, rename, (const char *a, const char *b), a, b, const char *, const char *) END(a, b)
ON_PATH(int, link, (const char *a, const char *b), a, b, const char *, const char *) END(a, b)
ON_PATH(int, symlink, (const char *a, const char *b), b, 0, const char *, const char *) END(a, b)
ON_PATH(int, mkdir, (const char *a, mode_t m), a, 0, const char *, mode_t) END(a, m)
ON_PATH(int, rmdir, (const char *a), a, 0, const char *) END(a)
ON_PATH(int, unlink, (const char *a), a, 0, const char *) END(a)
ON_PATH(int, unlinkat, (int d, const char *a, int f), a, 0, int, const char *, int) END(d, a, f)
ON_PATH(int, chmod, (const char *a, mode_t m), a, 0, const char *, mode_t) END(a, m)

int statx(int dir, const char *restrict path, int flags, unsigned mask, struct statx *restrict to) {
    REAL(int, statx, int, const char *, int, unsigned, struct statx *);
    /* The standard library of Rust asks whether there is such a call in a way that the header forbids. */
    const char *volatile hidden = path;
    const char *seen = hidden;
    if (!seen || !to) return (int)syscall(SYS_statx, dir, seen, flags, mask, to);
    if (!*seen && dir >= 0 && dir <= 2) return real(dir, path, flags, mask, to);
    STRIKE('t', "stat", *seen ? seen : 0, 0, dir);
    return real(dir, path, flags, mask, to);
}

ssize_t readlink(const char *restrict path, char *restrict to, size_t n) {
    REAL(ssize_t, readlink, const char *, char *, size_t);
    STRIKE('t', "readlink", path, 0, -1);
    return real(path, to, n);
}

char *realpath(const char *restrict path, char *restrict to) {
    REAL(char *, realpath, const char *, char *);
    if (strikes('t', "realpath", path, 0, -1)) return 0;
    return real(path, to);
}

DIR *opendir(const char *path) {
    REAL(DIR *, opendir, const char *);
    if (strikes('l', "opendir", path, 0, -1)) return 0;
    return real(path);
}

struct dirent64 *readdir64(DIR *dir) {
    REAL(struct dirent64 *, readdir64, DIR *);
    if (strikes('l', "readdir", 0, 0, dirfd(dir))) return 0;
    return real(dir);
}
