# ginnel_module(NAME DEPENDS other modules… LIBRARIES system libraries… [PRECOMPILE headers…] [FOLDERS subfolders…])
#
# Makes the static library ginnel_NAME of all *.cc in the folder (and the subfolders named), and, where there are
# *_test.cc files, the GoogleTest program NAME_test. Modules see each other's headers as "module/header.h".
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

add_library(ginnel_options INTERFACE)
target_compile_options(ginnel_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)
# The versioned Boost of Debian 12 lies in the ordinary include directory; header-only except Boost.JSON.
target_compile_definitions(ginnel_options INTERFACE BOOST_ASIO_NO_DEPRECATED)
target_include_directories(ginnel_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
target_link_libraries(ginnel_options INTERFACE Threads::Threads fmt::fmt)
if(GINNEL_SANITIZE)
  target_compile_options(ginnel_options INTERFACE -fsanitize=${GINNEL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(ginnel_options INTERFACE -fsanitize=${GINNEL_SANITIZE})
endif()

function(ginnel_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;PRECOMPILE;TEST_DEPENDS;FOLDERS" ${ARGN})
  set(patterns ${ARG_FOLDERS})
  list(TRANSFORM patterns APPEND "/*.cc")
  file(GLOB sources CONFIGURE_DEPENDS *.cc ${patterns})
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM ARG_DEPENDS PREPEND ginnel_)
  list(TRANSFORM ARG_TEST_DEPENDS PREPEND ginnel_)

  if(sources)
    add_library(ginnel_${name} STATIC ${sources})
    target_link_libraries(ginnel_${name} PUBLIC ginnel_options ${ARG_DEPENDS} ${ARG_LIBRARIES})
    if(ARG_PRECOMPILE)
      target_precompile_headers(ginnel_${name} PRIVATE ${ARG_PRECOMPILE})
    endif()
  else()
    add_library(ginnel_${name} INTERFACE)
    target_link_libraries(ginnel_${name} INTERFACE ginnel_options ${ARG_DEPENDS} ${ARG_LIBRARIES})
  endif()

  if(GINNEL_TESTS AND tests)
    find_package(rapidcheck QUIET)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ginnel_${name} ${ARG_TEST_DEPENDS} GTest::gmock GTest::gtest_main rapidcheck)
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120 LABELS unit)
  endif()
endfunction()
