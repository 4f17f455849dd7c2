using System.Collections.Immutable;
using Attune.Core;
using Attune.Feedback;
using Attune.Feedback.People;
using Attune.Feedback.Privacy;
using Attune.Feedback.Storage;
using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>Erasing a person: first what it reaches and what not, then, by the name, the erasure.</summary>
internal static class ErasureEndpoints
{
    /// <param name="owners">Open to owners only.</param>
    public static void Map(IEndpointRouteBuilder owners)
    {
        owners.MapGet(
            "/{person:guid}/erase",
            (HttpContext context, FeedbackStore store, Guid person) => AskAsync(context, store, person, [])
        );
        owners.MapPost("/{person:guid}/erase", EraseAsync);
    }

    private static async Task<IResult> AskAsync(HttpContext context, FeedbackStore store, Guid id, ImmutableArray<string> problems)
    {
        if (await store.People.FindAsync(id, context.RequestAborted) is not { State: not "erased" } person)
        {
            return Pages.NotFound(context);
        }
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Show(context, person, await store.Erasure.PreviewAsync(id, context.RequestAborted), done: false, problems);
    }

    private static async Task<IResult> EraseAsync(HttpContext context, FeedbackStore store, Guid person)
    {
        var fields = await Form.ReadAsync(context);
        if (await store.People.FindAsync(person, context.RequestAborted) is not { State: not "erased" } found)
        {
            return Pages.NotFound(context);
        }
        if (fields.Text("confirm")?.Trim() != found.Name)
        {
            return await AskAsync(context, store, person, [$"to erase, write the name as it stands here: {found.Name}."]);
        }
        if (person == context.User.PersonId())
        {
            return await AskAsync(context, store, person, ["you cannot erase yourself; ask another owner."]);
        }
        try
        {
            // Not cut off by a browser that leaves: the rewriting belongs to it.
            var report = await store.Erasure.EraseAsync(context.User.PersonId(), person, CancellationToken.None);
            return Show(context, found, report, done: true, []);
        }
        catch (AttuneException problem) when (problem is not StoreBusyException)
        {
            return await AskAsync(context, store, person, [problem.Message]);
        }
    }

    private static IResult Show(HttpContext context, PersonInfo person, ErasureReport report, bool done, ImmutableArray<string> problems) =>
        Pages.Show<ErasePage>(
            new
            {
                Page = Pages.Context(context),
                Person = person.Id,
                person.Name,
                Report = report,
                IsDone = done,
                Problems = problems,
            }
        );
}
