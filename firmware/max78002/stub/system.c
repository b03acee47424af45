/* Start of a program on the emulator, and what newlib asks of an operating system. */
#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

extern uint8_t stub_heap_start[], stub_heap_end[];
extern uint32_t stub_data_load[], stub_data_start[], stub_data_end[], stub_bss_start[], stub_bss_end[];

int main(void);
void stub_start(void);
void _exit(int code) __attribute__((noreturn));
int _write(int file, const char *text, int length);
int _read(int file, char *text, int length);
int _close(int file);
int _fstat(int file, struct stat *status);
int _isatty(int file);
int _lseek(int file, int offset, int whence);
int _kill(int process, int signal);
int _getpid(void);
void *_sbrk(intptr_t bytes);

static volatile uint32_t *const console = (volatile uint32_t *)0x4fff0000u;
static volatile uint32_t *const ending = (volatile uint32_t *)0x4fff0004u;

void stub_start(void)
{
    const uint32_t *from = stub_data_load;
    for (uint32_t *to = stub_data_start; to < stub_data_end; to++)
        *to = *from++;
    for (uint32_t *to = stub_bss_start; to < stub_bss_end; to++)
        *to = 0;
    _exit(main());
}

void _exit(int code)
{
    for (;;)
        *ending = (uint32_t)code;
}

int _write(int file, const char *text, int length)
{
    (void)file;
    for (int n = 0; n < length; n++)
        *console = (uint8_t)text[n];
    return length;
}

void *_sbrk(intptr_t bytes)
{
    static uint8_t *end = stub_heap_start;
    uint8_t *before = end;
    if (bytes > stub_heap_end - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += bytes;
    return before;
}

int _read(int file, char *text, int length)
{
    (void)file;
    (void)text;
    (void)length;
    return 0;
}

int _close(int file)
{
    (void)file;
    return -1;
}

int _fstat(int file, struct stat *status)
{
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file)
{
    (void)file;
    return 1;
}

int _lseek(int file, int offset, int whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

int _kill(int process, int signal)
{
    (void)process;
    (void)signal;
    errno = EINVAL;
    return -1;
}

int _getpid(void)
{
    return 1;
}
