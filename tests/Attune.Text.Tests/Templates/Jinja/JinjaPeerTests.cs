using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Text.Templates.Jinja;

namespace Attune.Text.Tests.Templates.Jinja;

/// <summary>
/// What Jinja2 3.1.6 writes, as transformers 5.12 sets it up, for templates made to be tricky: filters, tests, loops, white space, macros,
/// slices, methods of texts, numbers, JSON. <c>jinja2.json</c> holds the templates, the values that they read, and what came out.
/// </summary>
public sealed class JinjaPeerTests
{
    [Fact]
    public void Every_template_writes_what_Jinja2_writes_or_is_refused()
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "jinja2.json")))!;
        var names = file["names"]!.AsObject().Select(n => (n.Key, JinjaJson.Read(n.Value))).ToArray();
        var wrong = new List<string>();
        var refused = 0;
        foreach (var one in file["cases"]!.AsArray())
        {
            var (template, expected) = ((string)one!["template"]!, (string?)one["out"]);
            var (written, refusal) = Run(template, names);
            if (expected is null && refusal is null)
            {
                wrong.Add($"{template}\n  wrote {written}\n  Jinja2 refuses: {one["error"]}");
            }
            else if (expected is not null && refusal is null && written != expected)
            {
                wrong.Add($"{template}\n  wrote  {JsonSerializer.Serialize(written)}\n  Jinja2 {JsonSerializer.Serialize(expected)}");
            }
            else if (expected is not null && refusal is not null)
            {
                refused++;
                TestContext.Current.TestOutputHelper?.WriteLine($"{template}  refused: {refusal}");
            }
        }

        Assert.True(wrong.Count == 0, string.Create(CultureInfo.InvariantCulture, $"{wrong.Count} wrong:\n") + string.Join('\n', wrong));
        // What templates do not use may be refused, with a message, but nothing that they do.
        Assert.InRange(refused, 0, MostRefused);
    }

    private const int MostRefused = 43;

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static (string? Written, string? Refusal) Run(string template, (string, object?)[] names)
    {
        try
        {
            return (JinjaInterpreter.Execute(JinjaParser.Read(template), names, TimeProvider.System), null);
        }
        catch (Exception refusal) when (refusal is JinjaException or InvalidOperationException)
        {
            return (null, refusal.Message);
        }
    }
}
