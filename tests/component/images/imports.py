"""A program that imports every module of the folders it is given, and whatever they import inside functions.

An image that lacks a package must not find out at its first request. What only a type checker reads is left out.
"""

IMPORTS = """
import ast, importlib, pathlib, sys
def skipped(node):
    return isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.dump(node.test)
def walk(node):
    yield node
    for child in ast.iter_child_nodes(node):
        if not skipped(child):
            yield from walk(child)
for folder in sys.argv[1:]:
    for path in sorted(pathlib.Path(folder).rglob('*.py')):
        package = '.'.join(path.parts[:-1])
        if path.name != '__main__.py':
            importlib.import_module('.'.join(path.with_suffix('').parts).removesuffix('.__init__'))
        for node in walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                for name in node.names:
                    importlib.import_module(name.name)
            elif isinstance(node, ast.ImportFrom):
                module = importlib.import_module('.' * node.level + (node.module or ''), package)
                for name in node.names:
                    if name.name != '*' and not hasattr(module, name.name):
                        importlib.import_module(f'{module.__name__}.{name.name}')
"""
