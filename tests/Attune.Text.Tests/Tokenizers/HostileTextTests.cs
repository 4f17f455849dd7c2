using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Text.Templates;
using Attune.Text.Tests.Tokenizers.Pipeline;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

/// <summary>
/// Valid files, changed by chance from fixed seeds: each is read, or refused with one of the messages for people, in bounded time and
/// memory.
/// </summary>
public sealed class HostileTextTests
{
    private const int SecondsEach = 20;
    private const long BytesEach = 3_000_000_000;
    private const string Conversation = "Hi é😀 <s> there, it's 12 345!\n";

    private static readonly string[] Words =
    [
        "{%",
        "%}",
        "{{",
        "}}",
        "{#",
        "#}",
        "-",
        "|",
        "for x in range(9)",
        "endfor",
        "if",
        "endif",
        "set a = ",
        "messages",
        "[0]",
        ".content",
        "(",
        ")",
        "'",
        "\"",
        "\\",
        "~",
        "**",
        "tojson",
        "macro f(x)",
        "endmacro",
        "f(1)",
        "namespace()",
        "not",
        "in",
        "is",
        "loop.index",
        "1",
        "99999999999",
        "\u0000",
        "😀",
    ];

    private static readonly string[] Values =
    [
        "null",
        "true",
        "-1",
        "1e308",
        "2147483647",
        "99999999999999999999",
        "\"\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[[]]",
        "\"(a+)+$\"",
        "\"Sequence\"",
        "\"Unigram\"",
        "\"BPE\"",
        "\"\\ud800\"",
        "0.5",
        "[1,2]",
        "{\"type\": \"NFKC\"}",
        "{\"type\": \"Split\"}",
    ];

    [Theory]
    [InlineData("bytes")]
    [InlineData("values")]
    public void Tokenizer_files(string kind)
    {
        using var small = TokenizerJsonFolder.Llama(TokenizerJsonFolder.Stories());
        using var words = TokenizerJsonFolder.Words(
            ["<unk>", "</s>", "a", "b", "ab"],
            f =>
            {
                f["normalizer"] = JsonNode.Parse(
                    """{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": " +"}, "content": "_"}]}"""
                );
                f["pre_tokenizer"] = JsonNode.Parse(
                    """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\p{L}+|\\s+"}, "behavior": "Isolated", "invert": false}, {"type": "Digits"}, {"type": "Metaspace", "replacement": "_"}]}"""
                );
                f["model"] = JsonNode.Parse(
                    """{"type": "BPE", "unk_token": "<unk>", "vocab": {"<unk>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4}, "merges": ["a b"]}"""
                );
            }
        );
        foreach (var (folder, cases) in new[] { (words, 400), (small, 40) })
        {
            var whole = File.ReadAllText(folder.File("tokenizer.json"));
            for (var i = 0; i < cases; i++)
            {
                var rng = new Seed(7).For(kind, i).Rng();
                File.WriteAllBytes(
                    folder.File("tokenizer.json"),
                    kind == "bytes" ? Garbled(Encoding.UTF8.GetBytes(whole), rng) : Encoding.UTF8.GetBytes(Replaced(whole, rng))
                );
                Bounded(
                    $"{kind} {i}",
                    () =>
                    {
                        var tokenizer = TokenizerFiles.Load(folder.Path);
                        tokenizer.Decode(tokenizer.Encode(Conversation).AsSpan());
                        tokenizer.EncodeContinuation(Conversation);
                    }
                );
            }
        }
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("words")]
    public void Chat_templates(string kind)
    {
        const string whole = """
            {%- macro say(m) %}{{ '<|im_start|>' ~ m.role }}{{ '\n' + m['content'] | trim }}{% endmacro %}
            {% set ns = namespace(last=none, n=0) %}
            {% for m in messages if m.role != 'tool' %}
              {% set ns.n = ns.n + 1 %}
              {{- say(m) -}}<|im_end|>{{ '\n' if not loop.last else '' }}
              {%- generation %}{{ messages[-1].content[1:]|tojson }}{% endgeneration %}
            {% else %}{{ raise_exception('none') }}{% endfor %}
            {% if add_generation_prompt and ns.n % 2 == 1 %}{{ "<|im_start|>assistant\n" }}{% endif %}
            """;
        for (var i = 0; i < 1500; i++)
        {
            var rng = new Seed(11).For(kind, i).Rng();
            var source = kind == "bytes" ? Encoding.UTF8.GetString(Garbled(Encoding.UTF8.GetBytes(whole), rng)) : Mixed(whole, rng);
            Bounded(
                $"{kind} {i}",
                () =>
                    new JinjaTemplate(source, "t", new TemplateTokens(["<s>", "<|im_end|>"], "<s>", "<|im_end|>")).Parts(
                        [new(Core.Conversations.Role.User, Conversation)],
                        TemplateEnding.OpenForAnswer
                    )
            );
        }
    }

    private static void Bounded(string what, Action read)
    {
        var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        var problem = Record.Exception(read);
        Assert.True(problem is null or AttuneException, $"{what}: {problem}");
        Assert.True(problem is null || problem.Message.Length is > 10 and < 5_000, $"{what}: {problem?.Message}");
        Assert.True(clock.Elapsed.TotalSeconds < SecondsEach, $"{what} took {clock.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < BytesEach, what);
    }

    private static byte[] Garbled(byte[] whole, Rng rng)
    {
        var bytes = whole.ToList();
        for (var changes = 1 + rng.NextInt(4); changes > 0; changes--)
        {
            var at = rng.NextInt(bytes.Count);
            switch (rng.NextInt(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << rng.NextInt(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(1 + rng.NextInt(20), bytes.Count - at - 1));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(1 + rng.NextInt(40), bytes.Count - at)));
                    break;
                case 3:
                    bytes.Insert(at, (byte)rng.NextInt(256));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.Add((byte)'}');
                    break;
            }
        }

        return [.. bytes];
    }

    private static string Mixed(string whole, Rng rng)
    {
        for (var changes = 1 + rng.NextInt(3); changes > 0; changes--)
        {
            var at = rng.NextInt(whole.Length);
            whole = whole.Insert(at, Words[rng.NextInt(Words.Length)]);
        }

        return whole;
    }

    /// <summary>One value somewhere in the file becomes another.</summary>
    private static string Replaced(string whole, Rng rng)
    {
        var file = JsonNode.Parse(whole)!;
        var node = file;
        while (true)
        {
            var children = node switch
            {
                JsonObject o => o.Select(p => p.Value).OfType<JsonNode>().ToList(),
                JsonArray a => a.OfType<JsonNode>().ToList(),
                _ => [],
            };
            if (children.Count == 0 || (node != file && rng.NextInt(4) == 0))
            {
                break;
            }
            node = children[rng.NextInt(children.Count)];
        }

        // As text, since not every value here is one that can be written again.
        node.ReplaceWith(JsonValue.Create("@@"));
        return file.ToJsonString().Replace("\"@@\"", Values[rng.NextInt(Values.Length)], StringComparison.Ordinal);
    }
}
