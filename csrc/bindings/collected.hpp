#pragma once

#include "bindings/source.hpp"

namespace mgm::bindings {

// Shows Python's garbage collector what an object of class Owner holds: a file object may hold the
// reader that reads it. Owner has source(), and let_go(), after which its calls raise.
template <class Owner>
py::custom_type_setup collected() {
  return py::custom_type_setup([](PyHeapTypeObject* heap_type) {
    PyTypeObject& type = heap_type->ht_type;
    type.tp_flags |= Py_TPFLAGS_HAVE_GC;
    type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) -> int {
      Py_VISIT(Py_TYPE(self));
      if (!py::detail::is_holder_constructed(self)) return 0;
      return py::cast<Owner&>(py::handle(self)).source().traverse(visit, arg);
    };
    type.tp_clear = [](PyObject* self) -> int {
      if (py::detail::is_holder_constructed(self)) py::cast<Owner&>(py::handle(self)).let_go();
      return 0;
    };
  });
}

}  // namespace mgm::bindings
