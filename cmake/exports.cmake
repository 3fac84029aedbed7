# Turns src/api/exports.list into a linker version script, a file of assembler aliases and a header.
#
# The version script gives each function its default version and hides everything else. For every further
# version there is one alias, which jumps to the function: that works with any compiler and linker that knows
# ".symver name, name@NODE, remove" (binutils 2.35, clang 13).
#
# The header is included first in every source of the library. There it declares the functions of <curl/curl.h>
# noexcept, as they are defined: C++ wants both to agree, and programs should not see it.

# The instruction that jumps to a function of the same library.
function(hiper_jump_instruction out)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i[3-6]86)$")
    set(${out} jmp PARENT_SCOPE)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|arm.*)$")
    set(${out} b PARENT_SCOPE)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(riscv.*|loongarch.*)$")
    set(${out} tail PARENT_SCOPE)
  else()
    message(FATAL_ERROR "no jump instruction known for ${CMAKE_SYSTEM_PROCESSOR}: add it to cmake/exports.cmake")
  endif()
endfunction()

# hiper_generate_exports(<list> <version script> <assembler file> <header>): writes the last three.
function(hiper_generate_exports list_file map_file alias_file header_file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list_file}")
  hiper_jump_instruction(jump)
  file(STRINGS "${list_file}" lines REGEX "^[a-z]")
  set(names "")
  set(defines "")
  set(undefines "")
  set(aliases "  .text\n")
  foreach(line IN LISTS lines)
    string(REGEX MATCHALL "[^ ]+" words "${line}")
    list(POP_FRONT words name)
    if(name STREQUAL "nodes")
      list(POP_FRONT words default_node)
      set(other_nodes ${words})
      continue()
    endif()
    string(APPEND names "    ${name};\n")
    string(APPEND defines "#define ${name}(...) ${name}(__VA_ARGS__) noexcept\n")
    string(APPEND undefines "#undef ${name}\n")
    foreach(node IN LISTS other_nodes)
      set(target "${name}")
      foreach(word IN LISTS words)
        if(word MATCHES "^${node}=(.+)$")
          set(target "${CMAKE_MATCH_1}")
        endif()
      endforeach()
      set(label "${name}_at_${node}")
      string(APPEND aliases "  .globl ${label}\n  .type ${label}, %function\n${label}: ${jump} ${target}\n"
                            "  .size ${label}, . - ${label}\n  .symver ${label}, ${name}@${node}, remove\n")
    endforeach()
  endforeach()
  string(APPEND aliases "  .section .note.GNU-stack,\"\",%progbits\n")
  set(map "${default_node} {\n  global:\n${names}  local:\n    *;\n};\n")
  foreach(node IN LISTS other_nodes)
    string(APPEND map "${node} {\n};\n")
  endforeach()
  file(CONFIGURE OUTPUT "${map_file}" CONTENT "${map}" @ONLY)
  file(CONFIGURE OUTPUT "${alias_file}" CONTENT "${aliases}" @ONLY)
  file(CONFIGURE OUTPUT "${header_file}" CONTENT
    "#pragma once\n#pragma GCC system_header\n${defines}#include <curl/curl.h>\n${undefines}" @ONLY)
endfunction()
