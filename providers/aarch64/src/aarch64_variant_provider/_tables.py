"""The 64-bit Arm extensions and architecture versions, best first, and where each one shows."""

NAMESPACE = "aarch64"
VARIABLES = (
    "AARCH64_VARIANT_PROVIDER_DISABLE",
    "AARCH64_VARIANT_PROVIDER_FORCE_VERSION",
    "AARCH64_VARIANT_PROVIDER_MAX_VERSION",
)

# One row a feature, in order of preference: newest first, so that of two wheels with the same version the one built
# for the younger instructions wins. The relative order of the first provider's list is kept.
#
#   name     the feature; its one value is "on". Linux's name in /proc/cpuinfo.
#   hwcap    word.bit of AT_HWCAP (1), AT_HWCAP2 (2), AT_HWCAP3 (3); "-": detected by nothing. The two such names are
#            slips of the first provider, which joined "bti" with "ecv" and "asimdrdm" with "atomics". They stay valid
#            so that a wheel that was labelled with one can be read, and no machine has them.
#   needs    the row without which it is unusable: until 2025 Linux named SVE's extensions on processors that have them
#            in SME's streaming mode alone.
#   apple    the name below hw.optional.arm of macOS's sysctl.
#   windows  the number that IsProcessorFeaturePresent knows it by; 30 stands for four features.
#
# Sources, all checked 2026-11: Linux arch/arm64/include/uapi/asm/hwcap.h and Documentation/arch/arm64/elf_hwcaps.rst
# (bits), arch/arm64/kernel/cpuinfo.c (names), up to Linux 6.19; XNU bsd/kern/kern_mib.c and Apple's "Determining
# instruction set characteristics"; winnt.h of the Windows SDK 26100.
#
# Left out on purpose: what concerns how the kernel runs a process and no wheel is built for (gcs, poe), and the names
# of the 2025 extensions, whose spelling no released kernel has settled.
#
# name           hwcap needs   apple           windows
TABLE = """
ls64             3.3   -       -               -
lsfe             3.2   -       -               -
mtestoreonly     3.1   mte     -               -
mtefar           3.0   mte     -               -
sme2p2           1.42  sme2p1  -               73
sve2p2           1.41  sve2p1  -               -
cmpbr            1.33  -       -               -
fprcvt           1.34  -       -               -
f8mm8            1.35  -       -               -
f8mm4            1.36  -       -               -
svef16mm         1.37  sve2    -               -
sveeltperm       1.38  sve2    -               -
sveaes2          1.39  sve2    -               -
svebfscale       1.40  sve2    -               -
smestmop         1.46  sme2    -               -
smesmop4         1.47  sme2    -               -
smesfexpa        1.45  sme     -               -
smeaes           1.44  sme     -               74
smesbitperm      1.43  sme     -               75
smelutv2         2.57  sme2    -               87
smesf8dp2        2.62  sme     -               78
smesf8dp4        2.61  sme     -               79
smesf8fma        2.60  sme     -               80
smef8f16         2.58  sme     -               82
smef8f32         2.59  sme     -               81
f8dp2            2.54  -       -               -
f8dp4            2.53  -       -               -
f8fma            2.52  -       -               -
f8cvt            2.51  -       -               -
f8e4m3           2.55  -       -               -
f8e5m2           2.56  -       -               -
fpmr             2.48  -       -               -
faminmax         2.50  -       -               -
lut              2.49  -       -               -
lse128           2.47  -       -               -
lrcpc3           2.46  -       -               -
sme2p1           2.38  sme2    FEAT_SME2p1     72
sve2p1           2.36  sve2    -               48
sveb16b16        2.45  sve2    -               54
smeb16b16        2.41  sme     FEAT_SME_B16B16 84
smef16f16        2.42  sme     FEAT_SME_F16F16 83
sme2             2.37  sme     FEAT_SME2       71
smebi32i32       2.40  sme     SME_BI32I32     -
smei16i32        2.39  sme     SME_I16I32      -
cssc             2.34  -       FEAT_CSSC       -
rprfm            2.35  -       -               -
mops             2.43  -       -               -
hbc              2.44  -       FEAT_HBC        -
sme              2.23  -       FEAT_SME        70
smefa64          2.30  sme     -               88
smei16i64        2.24  sme     FEAT_SME_I16I64 86
smef64f64        2.25  sme     FEAT_SME_F64F64 85
smei8i32         2.26  sme     SME_I8I32       -
smef16f32        2.27  sme     SME_F16F32      -
smeb16f32        2.28  sme     SME_B16F32      -
smef32f32        2.29  sme     SME_F32F32      -
wfxt             2.31  -       FEAT_WFxT       -
afp              2.20  -       FEAT_AFP        -
rpres            2.21  -       FEAT_RPRES      -
ebf16            2.32  bf16    FEAT_EBF16      69
sveebf16         2.33  svebf16 -               53
mte3             2.22  mte     FEAT_MTE3       -
mte              2.18  -       FEAT_MTE2       -
sve2             2.1   sve     -               47
sveaes           2.2   sve2    -               49
svepmull         2.3   sve2    -               50
svebitperm       2.4   sve2    -               51
svesha3          2.5   sve2    -               55
svesm4           2.6   sve2    -               56
flagm2           2.7   -       FEAT_FlagM2     -
frint            2.8   -       FEAT_FRINTTS    -
sb               1.29  -       FEAT_SB         -
bti              2.17  -       FEAT_BTI        -
ecv              2.19  -       FEAT_ECV        -
btiecv           -     -       -               -
paca             1.30  -       FEAT_PAuth      -
pacg             1.31  -       FEAT_PAuth      -
ssbs             1.28  -       FEAT_SSBS       -
asimdfhm         1.23  -       FEAT_FHM        -
bf16             2.14  -       FEAT_BF16       68
dcpodp           2.0   -       FEAT_DPB2       -
dgh              2.15  -       -               -
dit              1.24  -       FEAT_DIT        -
flagm            1.27  -       FEAT_FlagM      -
i8mm             2.13  -       FEAT_I8MM       66
ilrcpc           1.26  -       FEAT_LRCPC2     -
jscvt            1.13  -       FEAT_JSCVT      44
rng              2.16  -       -               -
sha3             1.17  -       FEAT_SHA3       64
sha512           1.21  -       FEAT_SHA512     65
svebf16          2.12  sve     -               52
svei8mm          2.9   sve     -               57
svef64mm         2.11  sve     -               59
svef32mm         2.10  sve     -               58
uscat            1.25  -       FEAT_LSE2       62
asimddp          1.20  -       FEAT_DotProd    43
lrcpc            1.15  -       FEAT_LRCPC      45
asimdhp          1.10  -       FEAT_FP16       67
dcpop            1.16  -       FEAT_DPB        -
fcma             1.14  -       FEAT_FCMA       -
fphp             1.9   -       FEAT_FP16       67
sve              1.22  -       FEAT_SVE        46
asimdrdm         1.12  -       FEAT_RDM        -
atomics          1.8   -       FEAT_LSE        34
asimdrdmatomics  -     -       -               -
sm4              1.19  -       -               -
sm3              1.18  -       -               -
aes              1.3   -       FEAT_AES        30
asimd            1.1   -       -               -
cpuid            1.11  -       -               -
crc32            1.7   -       FEAT_CRC32      31
evtstrm          1.2   -       -               -
fp               1.0   -       -               -
pmull            1.4   -       FEAT_PMULL      30
sha1             1.5   -       FEAT_SHA1       30
sha2             1.6   -       FEAT_SHA256     30
"""

# Best first: the version, the versions that it contains, and what it adds to them. The order is total, although
# neither of 9.0a and 8.6a contains the other: of two wheels the one with SVE2 is preferred. Up to 8.4a the rules and
# the order are those of the installers that implement this provider themselves. Above, a version is what compilers
# may emit for it (what Clang predefines under -march=armv8.5-a …) and what else Linux tells of its mandatory features.
#
# Not asked for, though the architecture has them: "bti", whose instructions are hints that do nothing where it is
# absent (M1); "ssbs", which no compiler emits and which Linux hides since 6.10 on most of Arm's own cores, for an
# erratum; SPECRES and XS, which no system reports and no compiler emits.
VERSIONS = """
9.2a  9.1a,8.7a  -
9.1a  9.0a,8.6a  svebf16 svei8mm
9.0a  8.5a       sve sve2
8.7a  8.6a       afp wfxt
8.6a  8.5a       bf16 i8mm
8.5a  8.4a       dcpodp flagm2 frint sb
8.4a  8.3a       asimddp asimdfhm asimdhp dit flagm fphp ilrcpc uscat
8.3a  8.2a       fcma jscvt lrcpc paca pacg
8.2a  8.1a       dcpop
8.1a  8a         asimd asimdrdm atomics crc32 fp
8a    -          -
"""

# What Windows does not report and the Arm Architecture Reference Manual lets conclude (chapter A2): DotProd exists
# from 8.1 on and JSCVT from 8.2 on, where RDM and DPB are mandatory.
WINDOWS_IMPLIES = {"asimddp": "asimdrdm", "jscvt": "dcpop"}

# macOS before 12 has no hw.optional.arm.FEAT_*; these are its older names.
OLD_APPLE = {
    "hw.optional.armv8_1_atomics": "atomics",
    "hw.optional.armv8_crc32": "crc32",
    "hw.optional.armv8_2_fhm": "asimdfhm",
    "hw.optional.armv8_2_sha3": "sha3",
    "hw.optional.armv8_2_sha512": "sha512",
    "hw.optional.armv8_3_compnum": "fcma",
    "hw.optional.neon_fp16": "asimdhp fphp",
}
BRAND = "machdep.cpu.brand_string"

# What every Mac processor whose brand is "Apple M" and a number has, for systems that do not name it: macOS 12 does
# not name DIT and CRC32, macOS 11 names next to nothing. What a system denies stays absent.
EVERY_APPLE_M = (
    "fp asimd aes pmull sha1 sha2 crc32 atomics asimdrdm dcpop jscvt fcma lrcpc paca pacg fphp asimdhp asimddp "
    "asimdfhm dit uscat ilrcpc flagm sha3 sha512"
)

# Further processors that are a core of the vendored table: implementer, parts, its name. Linux
# arch/arm64/include/asm/cputype.h, 2026-11; the efficiency and the performance cores of one Apple chip differ in part.
SAME_CORES = """
0x61 0x023,0x024,0x025,0x028,0x029 m1
0x61 0x033,0x034,0x035,0x038,0x039 m2
0x6d 0xd49                         neoverse_n2
"""

# What the vendored table requires of a core and no compiler emits: Linux's own (macOS has neither), and "ssbs" as
# above.
NOT_REQUIRED = ("cpuid", "evtstrm", "ssbs")
