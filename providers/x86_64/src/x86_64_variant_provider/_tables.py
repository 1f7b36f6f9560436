"""The x86-64 extensions, best first, and where each one shows."""

NAMESPACE = "x86_64"
VARIABLES = ("X86_64_VARIANT_PROVIDER_DISABLE", "X86_64_VARIANT_PROVIDER_FORCE_LEVEL")

# One row a feature, in order of preference: newest first, so that of two wheels with the same level the one built
# for the younger instructions wins. The relative order of the first provider's list is kept.
#
#   name     the feature; its one value is "on". Linux's name in /proc/cpuinfo where it has one (sse3 is "pni" there).
#   cpuid    leaf.subleaf in hexadecimal, register, bit; for leaf 24 the last number is the least AVX10 version;
#            "-": no CPUID bit, the kernel alone knows.
#   xcr0     the state components (hexadecimal mask of XCR0) that the system must have enabled for it: 6 for AVX,
#            e6 for AVX-512, 60000 for AMX, 80000 for APX; 1 (x87 state, always on) means "XGETBV works at all".
#   level    the level it goes with: forcing a lower one drops it. 0: no feature, asked for micro-architectures alone.
#   since    the mainline kernel that names it, at the latest: before, its absence from /proc/cpuinfo proves nothing;
#            "-": none so far.
#   cpuinfo  Linux's name in /proc/cpuinfo, where a kernel prints it.
#   needs    the row without which it is unusable or untrue.
#   source   SDM: Intel 64 and IA-32 Software Developer's Manual, volume 2A, CPUID. ISE: Intel Architecture
#            Instruction Set Extensions Programming Reference. APM: AMD64 Architecture Programmer's Manual, volume 3,
#            appendix E. Linux: arch/x86/include/asm/cpufeatures.h. All rows checked 2026-11.
#
# Left out on purpose: what no released Linux lets a program use (user interrupts, key locker, ENQCMD), what was
# withdrawn (RAO-INT, TSX, MPX, AMX-TRANSPOSE, in 2026 AMX-TF32) and what only Knights processors had (AVX512ER,
# AVX512PF, 4FMAPS).
TABLE = """
avx10_2             24.0       ebx 2  e6    4 -    avx10_2             avx10_1  ISE
apx                 7.1        edx 21 80000 4 -    apx                 -        ISE
movrs               7.1        eax 31 0     4 -    movrs               -        ISE
amx_movrs           1e.1       eax 8  60000 4 -    amx_movrs           amx_tile ISE
amx_avx512          1e.1       eax 7  600e6 4 -    amx_avx512          amx_tile ISE
amx_fp8             1e.1       eax 4  60000 4 -    amx_fp8             amx_tile ISE
avx10_1             24.0       ebx 1  e6    4 -    avx10_1             avx512f  SDM
amx_complex         7.1        edx 8  60000 4 -    amx_complex         amx_tile SDM
amx_fp16            7.1        eax 21 60000 4 -    amx_fp16            amx_tile SDM
sha512              7.1        eax 0  6     3 -    sha512              avx2     SDM
sm4                 7.1        eax 2  6     3 -    sm4                 avx2     SDM
sm3                 7.1        eax 1  6     3 -    sm3                 avx      SDM
avx_vnni_int16      7.1        edx 10 6     3 -    avx_vnni_int16      avx2     SDM
avx_vnni_int8       7.1        edx 4  6     3 -    avx_vnni_int8       avx2     SDM
avx_ne_convert      7.1        edx 5  6     3 -    avx_ne_convert      avx2     SDM
avx_ifma            7.1        eax 23 6     3 -    avx_ifma            avx2     SDM
cmpccxadd           7.1        eax 7  0     3 -    cmpccxadd           -        SDM
amx_int8            7.0        edx 25 60000 4 5.16 amx_int8            amx_tile SDM
amx_bf16            7.0        edx 22 60000 4 5.16 amx_bf16            amx_tile SDM
amx_tile            7.0        edx 24 60000 4 5.16 amx_tile            -        SDM
avx512_fp16         7.0        edx 23 e6    4 5.12 avx512_fp16         avx512bw SDM
serialize           7.0        edx 14 0     1 5.9  serialize           -        SDM
avx_vnni            7.1        eax 4  6     3 5.12 avx_vnni            avx2     SDM
cppc                80000008.0 ebx 27 0     1 5.17 cppc                -        APM
ibrs_enhanced       -          -   0  0     1 4.19 ibrs_enhanced       -        Linux
tsc_adjust          7.0        ebx 1  0     1 3.8  tsc_adjust          -        SDM
flush_l1d           7.0        edx 28 0     1 4.19 flush_l1d           -        SDM
waitpkg             7.0        ecx 5  0     1 5.3  waitpkg             -        SDM
cldemote            7.0        ecx 25 0     1 5.1  cldemote            -        SDM
movdir64b           7.0        ecx 28 0     1 5.1  movdir64b           -        SDM
movdiri             7.0        ecx 27 0     1 5.1  movdiri             -        SDM
avx512_bf16         7.1        eax 5  e6    4 5.3  avx512_bf16         avx512vl SDM
avx512_bitalg       7.0        ecx 12 e6    4 4.15 avx512_bitalg       avx512vl SDM
avx512_vbmi2        7.0        ecx 6  e6    4 4.15 avx512_vbmi2        avx512vl SDM
avx512_vnni         7.0        ecx 11 e6    4 4.15 avx512_vnni         avx512vl SDM
avx512_vp2intersect 7.0        edx 8  e6    4 5.9  avx512_vp2intersect avx512vl SDM
avx512_vpopcntdq    7.0        ecx 14 e6    4 4.14 avx512_vpopcntdq    avx512f  SDM
avx512ifma          7.0        ebx 21 e6    4 4.10 avx512ifma          avx512f  SDM
avx512vbmi          7.0        ecx 1  e6    4 4.10 avx512vbmi          avx512f  SDM
rdpid               7.0        ecx 22 0     1 4.14 rdpid               -        SDM
sha_ni              7.0        ebx 29 0     1 4.4  sha_ni              -        SDM
vaes                7.0        ecx 9  6     3 4.15 vaes                avx      SDM
vpclmulqdq          7.0        ecx 10 6     3 4.15 vpclmulqdq          avx      SDM
clwb                7.0        ebx 24 0     1 4.4  clwb                -        SDM
clzero              80000008.0 ebx 0  0     1 4.14 clzero              -        APM
avx512bw            7.0        ebx 30 e6    4 4.6  avx512bw            avx512f  SDM
avx512cd            7.0        ebx 28 e6    4 3.14 avx512cd            avx512f  SDM
avx512dq            7.0        ebx 17 e6    4 4.6  avx512dq            avx512f  SDM
avx512f             7.0        ebx 16 e6    4 3.14 avx512f             avx2     SDM
avx512vl            7.0        ebx 31 e6    4 4.6  avx512vl            avx512f  SDM
clflushopt          7.0        ebx 23 0     1 3.15 clflushopt          -        SDM
gfni                7.0        ecx 8  0     1 4.15 gfni                -        SDM
rdseed              7.0        ebx 18 0     1 3.8  rdseed              -        SDM
xsavec              d.1        eax 1  1     3 3.17 xsavec              xsave    SDM
xsaveopt            d.1        eax 0  1     3 3.17 xsaveopt            xsave    SDM
adx                 7.0        ebx 19 0     1 3.8  adx                 -        SDM
avx2                7.0        ebx 5  6     3 2.6  avx2                avx      SDM
avx                 1.0        ecx 28 6     3 2.6  avx                 xsave    SDM
bmi2                7.0        ebx 8  0     3 2.6  bmi2                -        SDM
bmi1                7.0        ebx 3  0     3 2.6  bmi1                -        SDM
abm                 80000001.0 ecx 5  0     3 2.6  abm                 -        APM
f16c                1.0        ecx 29 6     3 2.6  f16c                avx      SDM
fma                 1.0        ecx 12 6     3 2.6  fma                 avx      SDM
movbe               1.0        ecx 22 0     3 2.6  movbe               -        SDM
xsave               1.0        ecx 26 1     3 2.6  xsave               -        SDM
rdrand              1.0        ecx 30 0     1 2.6  rdrand              -        SDM
tbm                 80000001.0 ecx 21 0     1 3.4  tbm                 -        APM
fma4                80000001.0 ecx 16 6     3 2.6  fma4                avx      APM
xop                 80000001.0 ecx 11 6     3 2.6  xop                 avx      APM
aes                 1.0        ecx 25 0     1 2.6  aes                 sse2     SDM
pclmulqdq           1.0        ecx 1  0     1 2.6  pclmulqdq           sse2     SDM
sse4a               80000001.0 ecx 6  0     2 2.6  sse4a               sse3     APM
fsgsbase            7.0        ebx 0  0     1 2.6  fsgsbase            -        SDM
sse4_2              1.0        ecx 20 0     2 2.6  sse4_2              sse4_1   SDM
sse4_1              1.0        ecx 19 0     2 2.6  sse4_1              ssse3    SDM
ssse3               1.0        ecx 9  0     2 2.6  ssse3               sse3     SDM
sse3                1.0        ecx 0  0     2 2.6  pni                 sse2     SDM
cx16                1.0        ecx 13 0     2 2.6  cx16                -        SDM
lahf_lm             80000001.0 ecx 0  0     2 2.6  lahf_lm             -        APM
popcnt              1.0        ecx 23 0     2 2.6  popcnt              -        SDM
sse2                1.0        edx 26 0     1 2.6  sse2                sse      SDM
sse                 1.0        edx 25 0     1 2.6  sse                 -        SDM
mmx                 1.0        edx 23 0     1 2.6  mmx                 -        SDM
avx512er            7.0        ebx 27 e6    0 3.14 avx512er            avx512f  SDM
avx512pf            7.0        ebx 26 e6    0 3.14 avx512pf            avx512f  SDM
pku                 7.0        ecx 3  0     0 4.6  pku                 -        SDM
3dnowext            80000001.0 edx 30 0     0 2.6  3dnowext            3dnow    APM
3dnow               80000001.0 edx 31 0     0 2.6  3dnow               mmx      APM
"""

# What CPUID is asked, as (leaf, subleaf); leaves 0 and 80000000 say which of the others exist.
LEAVES = (
    (0, 0), (1, 0), (7, 0), (7, 1), (0xD, 1), (0x1E, 1), (0x24, 0),
    (0x80000000, 0), (0x80000001, 0), (0x80000008, 0),
)  # fmt: skip

# What each level adds to the one below: System V ABI, AMD64 supplement, 3.1.1 "Processor Architecture" (2020-07).
# OSXSAVE is not in /proc/cpuinfo; avx's XCR0 mask implies it. lzcnt is abm. v1 is what a 64-bit interpreter proves.
LEVELS = {
    1: ("mmx", "sse", "sse2"),
    2: ("cx16", "lahf_lm", "popcnt", "sse3", "ssse3", "sse4_1", "sse4_2"),
    3: ("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"),
    4: ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
}

# Flags that /proc/cpuinfo shows before Linux lets programs use them: RDFSBASE and its kind fault before 5.9.
USABLE_SINCE = {"fsgsbase": (5, 9)}
