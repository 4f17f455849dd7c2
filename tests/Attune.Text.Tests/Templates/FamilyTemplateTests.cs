using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Text.Templates;

namespace Attune.Text.Tests.Templates;

/// <summary>
/// The forms in which the common families were taught conversations, as their publishers describe them: templates written here in the
/// constructs that theirs use, and the strings that the descriptions demand.
/// </summary>
public sealed class FamilyTemplateTests
{
    private const string Zephyr = """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>\n'  + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """;

    private const string ChatMl = """
        {%- if tools %}
            {{- '<|im_start|>system\n' }}
            {%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}
            {{- "# Tools\n<tools>" }}
            {%- for tool in tools %}
                {{- "\n" }}
                {{- tool | tojson }}
            {%- endfor %}
            {{- "\n</tools><|im_end|>\n" }}
        {%- elif messages[0].role == 'system' %}
            {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
        {%- endif %}
        {%- set ns = namespace(last=messages|length - 1) %}
        {%- for message in messages %}
            {%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
                {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
            {%- elif message.role == 'assistant' %}
                {%- set content = message.content.split('</think>')[-1].lstrip('\n') if '</think>' in message.content else message.content %}
                {{- '<|im_start|>' + message.role + '\n' }}{% generation %}{{ content }}{{ '<|im_end|>' }}{% endgeneration %}{{ '\n' }}
            {%- elif message.role == 'tool' %}
                {%- if loop.first or (messages[loop.index0 - 1].role != 'tool') %}{{- '<|im_start|>user' }}{%- endif %}
                {{- '\n<tool_response>\n' }}{{- message.content }}{{- '\n</tool_response>' }}
                {%- if loop.last or (messages[loop.index0 + 1].role != 'tool') %}{{- '<|im_end|>\n' }}{%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    private const string Llama2 =
        "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
        + "messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
        + "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ "
        + "raise_exception('roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        + "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + "
        + "'\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
        + "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] "
        + "== 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";

    private const string Llama3 =
        "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + "
        + "message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
        + "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if "
        + "add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

    private const string Mistral =
        "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ "
        + "raise_exception('roles must alternate') }}{% endif %}"
        + "{% if message['role'] == 'user' %}{{ ' [INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == "
        + "'assistant' %}{{ ' ' + message['content'] + ' ' + eos_token}}{% else %}{{ raise_exception('only user and assistant') "
        + "}}{% endif %}{% endfor %}";

    private const string Gemma =
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif "
        + "%}{% for message in messages %}"
        + "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
        + "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if "
        + "add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}";

    private static readonly ImmutableArray<Message> Talk = [new(Role.User, "Hi "), new(Role.Assistant, "Hello"), new(Role.User, "Bye")];

    public static TheoryData<string, string, bool, string> Families =>
        new()
        {
            {
                Zephyr,
                "</s>",
                true,
                "<|system|>\nBe brief.</s>\n<|user|>\nHi </s>\n<|assistant|>\nHello</s>\n<|user|>\nBye</s>\n<|assistant|>\n"
            },
            {
                ChatMl,
                "<|im_end|>",
                true,
                "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi "
                    + "<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"
            },
            { Llama2, "</s>", true, "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Bye [/INST]" },
            {
                Llama3,
                "<|eot_id|>",
                true,
                "<s><|start_header_id|>system<|end_header_id|>\n\nBe "
                    + "brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
                    + "Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>"
                    + "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
            },
            { Mistral, "</s>", false, "<s> [INST] Hi  [/INST] Hello </s> [INST] Bye [/INST]" },
            {
                Gemma,
                "<end_of_turn>",
                false,
                "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n<start_of_turn>user\n"
                    + "Bye<end_of_turn>\n<start_of_turn>model\n"
            },
        };

    [Theory]
    [MemberData(nameof(Families))]
    public void A_familys_template_says_what_its_publisher_describes(string source, string end, bool system, string expected)
    {
        var template = Make(source, end);
        IChatTemplate general = template;
        var talk = system ? Talk.Insert(0, new Message(Role.System, "Be brief.")) : Talk;
        Assert.Equal(expected, general.Render(talk, TemplateEnding.OpenForAnswer));
        Assert.Equal(end, template.TurnEnd);
        Assert.Empty(template.Warnings);
        if (!system)
        {
            Assert.Contains(
                "not",
                Assert.ThrowsAny<AttuneException>(() => general.Render([new(Role.System, "x"), .. Talk], TemplateEnding.Closed)).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_people_write_never_becomes_a_special_token(string source, string end, bool system, string expected)
    {
        Assert.NotEmpty(expected);
        var parts = Make(source, end).Parts([new(Role.User, $"a{end}b<s>c</s>")], TemplateEnding.OpenForAnswer);
        Assert.Equal(
            $"a{end}b<s>c</s>",
            string.Concat(parts.Select(p => p.Text)).Replace("INST", "", StringComparison.Ordinal) is var whole
                ? whole[whole.IndexOf('a' + end, StringComparison.Ordinal)..][..($"a{end}b<s>c</s>".Length)]
                : ""
        );
        Assert.DoesNotContain(parts.SkipWhile(p => !p.Text.Contains('a' + end, StringComparison.Ordinal)).Take(1), p => p.IsSpecial);
        Assert.Equal(system || !system, parts.Any(p => p.IsSpecial) || source == Zephyr);
    }

    [Fact]
    public void Tools_and_their_answers_are_written()
    {
        var tools = JsonNode
            .Parse("""[{"type": "function", "function": {"name": "add", "parameters": {"x": {"type": "integer"}}}}]""")!
            .AsArray();
        var messages = JsonNode
            .Parse("""[{"role": "user", "content": "1+1?"}, {"role": "tool", "content": "2"}, {"role": "tool", "content": "3"}]""")!
            .AsArray();
        Assert.Equal(
            "<|im_start|>system\n# Tools\n<tools>\n{\"type\": \"function\", \"function\": {\"name\": \"add\", \"parameters\": "
                + "{\"x\": {\"type\": \"integer\"}}}}\n</tools><|im_end|>\n<|im_start|>user\n1+1?<|im_end|>\n"
                + "<|im_start|>user\n<tool_response>\n2\n</tool_response>\n<tool_response>\n3\n</tool_response><|im_end|>\n"
                + "<|im_start|>assistant\n",
            Make(ChatMl, "<|im_end|>").Render(messages, tools, TemplateEnding.OpenForAnswer)
        );
    }

    [Theory]
    [InlineData("{{ bos_token }}{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}", "begins with <s> twice")]
    [InlineData(
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}",
        "ends the assistant's turn without a special token"
    )]
    [InlineData(
        "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}bot: {% endif %}",
        "differs from what it asks the model to go on from"
    )]
    [InlineData(
        "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
        "does not write what the assistant says"
    )]
    [InlineData("{{ raise_exception('never') }}", "a question and an answer alone are refused")]
    public void What_does_not_fit_together_is_said(string source, string expected) =>
        Assert.Contains(Make(source, "</s>").Warnings, w => w.Contains(expected, StringComparison.Ordinal));

    private static JinjaTemplate Make(string source, string end) =>
        new(
            source,
            "t.jinja",
            new TemplateTokens(
                [
                    .. new[]
                    {
                        "<s>",
                        "</s>",
                        "<|im_start|>",
                        "<|im_end|>",
                        "<|eot_id|>",
                        "<|start_header_id|>",
                        "<|end_header_id|>",
                        "<start_of_turn>",
                        "<end_of_turn>",
                    },
                ],
                "<s>",
                end == "<end_of_turn>" ? "</s>" : end
            )
        );
}
