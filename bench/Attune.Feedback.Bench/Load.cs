using System.Diagnostics;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Bench;

/// <summary>Annotators that claim and submit without a pause, so that each stands for hundreds of people.</summary>
public static class Load
{
    public static async Task<int> RunAsync(string database, int annotators, int labels)
    {
        await using var store = await FeedbackStore.OpenAsync(new StoreOptions(database), default);
        var project = await AddProjectAsync(store, labels);
        var people = await AddPeopleAsync(store, project, annotators);
        var clock = Stopwatch.StartNew();
        var times = (await Task.WhenAll(people.Select(p => Task.Run(() => LabelAsync(store, project.Id, p))))).SelectMany(t => t).ToArray();
        var seconds = clock.Elapsed.TotalSeconds;
        var progress = await store.Projects.ProgressAsync(project.Id, default);
        var (claims, submits) = (times.Select(t => t.Claim).Order().ToArray(), times.Select(t => t.Submit).Order().ToArray());
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    store = store.Options.IsPostgreSql ? "PostgreSQL" : "SQLite",
                    annotators,
                    labels = times.Length,
                    done = progress.Done,
                    surplus = progress.Surplus,
                    labels_per_second = Math.Round(times.Length / seconds, 1),
                    claim_ms = new { p50 = At(claims, 0.5), p99 = At(claims, 0.99) },
                    submit_ms = new { p50 = At(submits, 0.5), p99 = At(submits, 0.99) },
                    whole = (await store.Audit.VerifyAsync(default)).FirstBroken is null,
                }
            )
        );
        return 0;
    }

    private static async Task<ProjectInfo> AddProjectAsync(FeedbackStore store, int labels)
    {
        var project = await store.Projects.CreateAsync(
            null,
            $"bench {Guid.NewGuid()}",
            ProjectKind.Comparison,
            new ProjectSettings { Quota = 3 },
            "",
            default
        );
        var text = new string('x', 400);
        await store.Tasks.AddItemsAsync(
            null,
            project.Id,
            [
                .. Enumerable
                    .Range(0, (labels + 2) / 3)
                    .Select(i => new NewItem(
                        new ItemContent(
                            new Prompt.Text($"question {i} {text}"),
                            [new Candidate($"first {text}"), new Candidate($"second {text}")]
                        )
                    )),
            ],
            default
        );
        return project;
    }

    private static async Task<List<Guid>> AddPeopleAsync(FeedbackStore store, ProjectInfo project, int annotators)
    {
        var people = new List<Guid>();
        for (var i = 0; i < annotators; i++)
        {
            var person = (await store.People.AddAsync(null, $"bench {project.Id} {i}", MemberRole.Annotator, default)).Id;
            await store.People.SetMemberAsync(person, project.Id, person, MemberRole.Annotator, default);
            people.Add(person);
        }

        return people;
    }

    private static async Task<List<(double Claim, double Submit)>> LabelAsync(FeedbackStore store, Guid project, Guid person)
    {
        var times = new List<(double, double)>();
        while (true)
        {
            var clock = Stopwatch.StartNew();
            if (await store.Queue.ClaimAsync(project, person, default) is not ClaimResult.Claimed { Task: var task })
            {
                return times;
            }
            var claimed = clock.Elapsed.TotalMilliseconds;
            clock.Restart();
            var result = await store.Queue.SubmitAsync(
                person,
                new Submission(Guid.CreateVersion7(), task.LeaseId, ComparisonJudgement.OfStrength(1 + (times.Count % 8))),
                default
            );
            if (result is not SubmitResult.Accepted)
            {
                throw new InvalidOperationException(result.ToString());
            }
            times.Add((claimed, clock.Elapsed.TotalMilliseconds));
        }
    }

    private static double At(double[] sorted, double share) => Math.Round(sorted[(int)(share * (sorted.Length - 1))], 1);
}
