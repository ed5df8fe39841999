"""Converts tools with the MCP client libraries of Anthropic, Google and OpenAI.

Reads a list of tools as JSON from standard input, and writes the number of tools that each library converted to
standard output.
"""

import json
import sys

from agents.mcp import MCPServerStdio
from agents.mcp.util import MCPUtil
from anthropic.lib.tools.mcp import async_mcp_tool
from google.genai import types as gemini
from google.genai._mcp_utils import mcp_to_gemini_tool
from mcp.types import Tool

TYPES = {"OBJECT", "ARRAY", "STRING", "INTEGER", "NUMBER", "BOOLEAN"}


def names(schema):
    """The names of all properties, also of nested schemas."""
    found = []
    if isinstance(schema, dict):
        for name, value in (schema.get("properties") or {}).items():
            found.append(name)
            found += names(value)
        found += names(schema.get("items"))
        for choice in schema.get("anyOf") or schema.get("any_of") or []:
            found += names(choice)
    return sorted(found)


def check_gemini(place, schema):
    """Gemini's API requires a type or a choice at each level, and the items of each list."""
    kind = schema.type.value if schema.type else None
    assert kind in TYPES or schema.any_of, f"{place}: {schema}"
    assert kind != "ARRAY" or schema.items is not None, f"{place} has no items"
    for name, value in (schema.properties or {}).items():
        check_gemini(f"{place}.{name}", value)
    if schema.items:
        check_gemini(f"{place}[]", schema.items)
    for choice in schema.any_of or []:
        check_gemini(f"{place}|", choice)


def by_gemini(tool):
    (function,) = mcp_to_gemini_tool(tool).function_declarations
    check_gemini(tool.name, function.parameters)
    converted = function.parameters.model_dump(exclude_none=True)
    assert names(converted) == names(tool.input_schema), tool.name
    assert (function.parameters.required or []) == tool.input_schema.get("required", []), tool.name
    gemini.FunctionDeclaration.model_validate(function.model_dump())


def by_openai(tool, server):
    function = MCPUtil.to_function_tool(tool, server, False)
    assert function.params_json_schema == tool.input_schema, tool.name
    strict = MCPUtil.to_function_tool(tool, server, True)
    # A tool with arbitrary values, such as those of a record, has no strict schema and keeps the plain one.
    if not strict.strict_json_schema:
        assert strict.params_json_schema == tool.input_schema, tool.name


def by_anthropic(tool):
    converted = async_mcp_tool(tool, None).to_dict()
    assert converted["name"] == tool.name
    assert converted["input_schema"] == tool.input_schema, tool.name


def main():
    tools = [Tool.model_validate(tool) for tool in json.load(sys.stdin)]
    server = MCPServerStdio(params={"command": "orgcache"})
    for tool in tools:
        by_gemini(tool)
        by_openai(tool, server)
        by_anthropic(tool)
    print(json.dumps({"anthropic": len(tools), "gemini": len(tools), "openai": len(tools)}))


main()
