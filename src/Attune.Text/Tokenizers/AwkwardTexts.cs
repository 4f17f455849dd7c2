using System.Collections.Immutable;

namespace Attune.Text.Tokenizers;

/// <summary>
/// Texts over which tokenizers that look alike disagree: spaces, line ends, runs, numbers, code, scripts, marks, rare characters.
/// </summary>
public static class AwkwardTexts
{
    public static ImmutableArray<string> All { get; } =
    [
        "The film was good.",
        " a leading space",
        "   three leading spaces",
        "a trailing space ",
        "two  spaces,   three",
        "",
        " ",
        "     ",
        "a\nb",
        "a\n\nb\n\n\n",
        "a\r\nb\rc",
        "\ttab\t\ttabs",
        "def f(x):\n    if x:\n        return x + 1\n",
        "```python\nprint(\"hello\")\n```\n",
        "xxxxxxxxxxxxxxxx",
        "aaaaaaa bbbbbbb",
        "--------- ===== *****",
        "!!!???...",
        "I'll, you're, it's, DON'T, we\u2019ve",
        "1234567 3.14159 1,000,000 007",
        "x1y22z333",
        "camelCase snake_case SCREAMING_CASE",
        "http://example.org/a?b=c&d=%20#e",
        "caf\u00e9 nai\u0308ve \u00c5ngstro\u0308m",
        "e\u0301 \u00e9 \u1e69 s\u0323\u0307",
        "\ufb01ne \uff21\uff22\uff23 \u2460 \u00bd \u2122",
        "Stra\u00dfe STRASSE \u0130stanbul \u017ft",
        "\u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac \u0420\u0443\u0441\u0441\u043a\u0438\u0439",
        "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8",
        "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
        "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea",
        "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22",
        "\ud83d\ude00 \ud83d\udc69\u200d\ud83d\udcbb \ud83c\uddeb\ud83c\uddf7 \u2764\ufe0f",
        "a\u00a0b\u2003c\u3000d\u200be\ufeff",
        "\u2581a \u2581 b\u2581\u2581",
        "\u0120a \u010a \u00c3",
        "<0x0A> <0xE2>",
        "<s> </s> <unk> <pad> [CLS] [SEP] [MASK]",
        "<|endoftext|> <|im_start|>user <|eot_id|>",
        "a\u0000b\u0007c\u001bd\u007f\u0085e",
        "\u2028line\u2029paragraph",
        "\ufffd \ue000 \U00010348 \U0001d54f",
        "antidisestablishmentarianism Donaudampfschifffahrtsgesellschaft",
    ];
}
