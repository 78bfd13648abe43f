//! The tools that the analyzer is for: a test requires a case of each.

#[rustfmt::skip]
pub(crate) const TOOLS: &[&str] = &[
    "ar", "arduino", "asan", "autoconf", "automake", "bazel", "bibtex", "bitbake", "boost.test", "c++",
    "catch2", "cc", "clang", "clang-format", "clang-tidy", "cmake", "cmocka", "conan", "configure",
    "cppcheck", "cpplint", "cppunit", "cpputest", "ctest", "devicetree", "doctest", "dpkg", "emscripten",
    "esp-idf", "flatpak-builder", "gcc", "gfortran", "glibc", "googletest", "ifort", "include-what-you-use",
    "kconfig", "latex", "latexmk", "ld", "ld.so", "libtool", "lit", "lld", "lsan", "make", "meson", "modpost",
    "mold", "msan", "msvc", "ninja", "nvcc", "nvfortran", "pkg-config", "platformio", "qmake", "qttest",
    "scons", "tsan", "ubsan", "unity", "valgrind", "vcpkg", "west",
];
