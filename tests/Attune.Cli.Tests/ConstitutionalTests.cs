using System.Text.Json.Nodes;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Constitutional AI at the command line: revised, judged, learned, and a judge that is measured.</summary>
public sealed class ConstitutionalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ConstitutionalTests() =>
        _folder.WriteText(
            "rules.yaml",
            """
            title: No endings
            principles:
              - id: ending
                title: says nothing about the ending
                critique_request: Where does it tell the ending?
                revision_request: Leave the ending out.
                comparison_question: Which tells less of the ending?
                avoid: [{word: the, instead: a}]
            """
        );

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Answers_are_revised_judged_and_learned_and_the_report_shows_them()
    {
        _folder.WriteText(
            "recipe.yaml",
            """
            name: cai
            model: embedded
            stages:
              - constitutional:
                  constitution: rules.yaml
                  critic: {kind: rule}
                  prompts: reviews:prompts
                  rows: 6
                  rounds: 2
                  held_out_prompts: reviews:held-out-prompts
                  evaluation_prompts: 4
                  gold: reviews
                  max_new_tokens: 24
                  batch_size: 4
                  test_split: 0
              - ai-feedback:
                  constitution: rules.yaml
                  judge: {kind: rule}
                  prompts: reviews:prompts
                  labels: 6
                  max_new_tokens: 24
                  test_split: 0
              - principles: {constitution: rules.yaml, prompts: reviews:held-out-prompts, rows: 4, max_new_tokens: 16}
            """
        );
        AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "run").Succeeded();
        var figures = Figures("run/constitutional");
        Assert.Equal(0, (double)figures["broken_share_revisions"]!);
        Assert.InRange((double)figures["broken_share_responses"]!, 0.1, 1);
        Assert.Equal(12, (int)figures["examples"]!);
        var row = JsonNode.Parse(File.ReadLines(_folder.File("run/ai-feedback/preferences.jsonl")).First())!;
        Assert.Equal(("model", "ending"), ((string)row["author"]!["kind"]!, (string)row["author"]!["principle"]!));
        Assert.Equal(6, (int)Figures("run/ai-feedback")["labels_of_models"]!);
        var report = File.ReadAllText(_folder.File("run/report.html"));
        Assert.Contains("Critiques and revisions", report, StringComparison.Ordinal);
        Assert.Contains("rule critic was not measured against people", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_judge_is_measured_and_a_recipe_can_demand_a_kappa()
    {
        _folder.WriteText(
            "pairs.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 8)
                    .Select(i => (Index: i, Chosen: i < 6 ? "a" : "the", Rejected: i < 6 ? "the" : "a"))
                    .Select(p =>
                        $$"""{"prompt": "p{{p.Index}}", "chosen": " {{p.Chosen}} film", "rejected": " {{p.Rejected}} film"}""" + "\n"
                    )
            )
        );
        string[] judge = ["judge", "--data", "pairs.jsonl", "--constitution", "rules.yaml", "--judge-kind", "rule", "--model", "embedded"];
        AttuneProgram.Run(_folder.Path, [.. judge, "--out", "judge"]).Succeeded();
        var figures = Figures("judge");
        Assert.Equal((0.75, 8), ((double)figures["agreement"]!, (int)figures["decided"]!));
        var kappa = (double)figures["cohens_kappa"]!;
        Assert.Equal(kappa, (double)JsonNode.Parse(File.ReadAllText(_folder.File("judge/judge.json")))!["kappa"]!, 1e-12);
        AttuneProgram.Run(_folder.Path, "run", Feedback(kappa - 0.01, "rules.yaml"), "--out", "good").Succeeded();
        Assert.Equal(kappa, (double)Figures("good")["judge_kappa"]!, 1e-12);
        AttuneProgram
            .Run(_folder.Path, "run", Feedback(1, "rules.yaml"), "--out", "bad")
            .Refused("least_kappa is 1, but rule critic has kappa");
        _folder.WriteText(
            "other.yaml",
            File.ReadAllText(_folder.File("rules.yaml")).Replace("No endings", "Others", StringComparison.Ordinal)
        );
        AttuneProgram.Run(_folder.Path, "run", Feedback(0, "other.yaml"), "--out", "other").Refused("is not the judge that was measured");
    }

    [Fact]
    public void A_critic_by_rule_needs_words_to_avoid() =>
        AttuneProgram
            .Run(
                _folder.Path,
                [
                    "constitutional",
                    "--model",
                    "embedded",
                    "--prompts",
                    "reviews:prompts",
                    "--rows",
                    "4",
                    "--critic-kind",
                    "rule",
                    "--constitution",
                    _folder.WriteText(
                        "empty.yaml",
                        "title: t\nprinciples: [{id: a, title: b, applies_to: comparison, comparison_question: c}]"
                    ),
                ]
            )
            .Refused("no principle of", "has avoid, and the critic by rule knows nothing else");

    private string Feedback(double least, string constitution) =>
        _folder.WriteText(
            "feedback.yaml",
            FormattableString.Invariant(
                $$"""
                name: feedback
                model: embedded
                stages:
                  - ai-feedback:
                      constitution: {{constitution}}
                      judge: {kind: rule}
                      calibration: judge/judge.json
                      least_kappa: {{least}}
                      prompts: reviews:prompts
                      labels: 2
                      max_new_tokens: 8
                      test_split: 0
                """
            )
        );

    private JsonNode Figures(string stage) => JsonNode.Parse(File.ReadAllText(_folder.File($"{stage}/stage.json")))!["metrics"]!;
}
