using System.Diagnostics;
using System.Text.Json;
using Attune.Models.Files;

namespace Attune.Models.Tests.Architecture;

/// <summary>
/// What Attune saves, opened by transformers itself. ATTUNE_TRANSFORMERS names a root folder with a python3 that has it; "/" is the
/// machine's own.
/// </summary>
public sealed class TransformersPeerTests
{
    private const string Script = """
        import json, os, sys, torch, transformers
        transformers.utils.logging.set_verbosity_error()
        answers = {}
        for name in sorted(os.listdir(sys.argv[1])):
            folder = os.path.join(sys.argv[1], name)
            if not os.path.isdir(folder):
                continue
            model, info = transformers.AutoModelForCausalLM.from_pretrained(
                folder, dtype=torch.float32, output_loading_info=True, attn_implementation="eager")
            ids = json.load(open(os.path.join(folder, "ids.json")))
            with torch.no_grad():
                logits = model.eval()(torch.tensor([ids])).logits[0]
            answers[name] = {
                "class": type(model).__name__,
                "missing": sorted(info["missing_keys"]) + sorted(info["unexpected_keys"]) + [str(m) for m in info["mismatched_keys"]],
                "logits": logits.flatten().tolist()}
        json.dump(answers, open(os.path.join(sys.argv[1], "answers.json"), "w"))
        """;

    [Fact]
    public async Task Saved_models_of_every_family_have_the_same_logits_in_transformers()
    {
        var root = Environment.GetEnvironmentVariable("ATTUNE_TRANSFORMERS");
        Assert.SkipWhen(root is null, "needs ATTUNE_TRANSFORMERS, a root folder with transformers for python3");
        var inside = "/tmp/attune-" + Guid.NewGuid().ToString("N");
        var folder = Path.Join(root, inside);
        Directory.CreateDirectory(folder);
        try
        {
            var expected = new Dictionary<string, float[]>();
            foreach (
                var (index, config) in TinyModels
                    .General.Concat(TinyModels.Mixtures)
                    .Concat(TinyModels.Others)
                    .Append(TinyModels.Gpt2)
                    .Index()
            )
            {
                using var model = TinyModels.Random(config, 3);
                var name = $"{index}-{config.Family}";
                ModelFiles.Save(model, Path.Combine(folder, name));
                // Inside the original context, where there is one: transformers takes all of a text's angles by its length, as here.
                var tokens = TinyModels.Tokens(config, 40, 7);
                await File.WriteAllTextAsync(
                    Path.Combine(folder, name, "ids.json"),
                    JsonSerializer.Serialize(tokens),
                    TestContext.Current.CancellationToken
                );
                expected.Add(name, TinyModels.Logits(model, tokens));
            }

            await RunAsync(root!, folder, inside);
            using var answers = JsonDocument.Parse(
                await File.ReadAllTextAsync(Path.Combine(folder, "answers.json"), TestContext.Current.CancellationToken)
            );
            foreach (var (name, logits) in expected)
            {
                var answer = answers.RootElement.GetProperty(name);
                Assert.Empty(answer.GetProperty("missing").EnumerateArray());
                var theirs = answer.GetProperty("logits").Deserialize<float[]>()!;
                var gap = logits.Zip(theirs, (a, b) => Math.Abs(a - b)).Max();
                Assert.True(gap < 2e-4, $"{name}: logits differ by {gap}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(string root, string folder, string inside)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "ask.py"), Script, TestContext.Current.CancellationToken);
        string[] command = root == "/" ? ["python3"] : ["chroot", root, "python3"];
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), inside + "/ask.py", inside]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, errors);
    }
}
