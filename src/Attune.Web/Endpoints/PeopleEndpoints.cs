using System.Collections.Immutable;
using Attune.Feedback;
using Attune.Feedback.Storage;
using Attune.Web.Components;
using Attune.Web.Configuration;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Endpoints;

/// <summary>People, invitations and roles.</summary>
internal static class PeopleEndpoints
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(7);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var owners = routes
            .MapGroup("/people")
            .RequireAuthorization(rule => rule.RequireAssertion(who => who.User.SignedInUser()?.IsOwner == true));
        owners.MapGet("", (HttpContext context, FeedbackStore store) => AllAsync(context, store, null));
        owners.MapPost("/invite", InviteToAllAsync);
        owners.MapGet("/{person:guid}", (HttpContext context, FeedbackStore store, Guid person) => PersonAsync(context, store, person, []));
        owners.MapPost("/{person:guid}/role", RoleOverAllAsync);
        owners.MapPost("/{person:guid}/projects", RoleInProjectAsync);
        owners.MapPost(
            "/{person:guid}/disable",
            (HttpContext context, FeedbackStore store, Guid person) => DisableAsync(context, store, person, true)
        );
        owners.MapPost(
            "/{person:guid}/enable",
            (HttpContext context, FeedbackStore store, Guid person) => DisableAsync(context, store, person, false)
        );
        ErasureEndpoints.Map(owners);
        owners.MapPost(
            "/invitations/{invitation:guid}/revoke",
            (HttpContext context, FeedbackStore store, Guid invitation) => RevokeAsync(context, store, invitation, null)
        );
        var members = routes.MapProjectGroup("/projects/{project:guid}/people", MemberRole.Manager);
        members.MapGet("", (HttpContext context, FeedbackStore store) => MembersAsync(context, store, null));
        members.MapPost("/invite", InviteAsync);
        members.MapPost(
            "/invitations/{invitation:guid}/revoke",
            (HttpContext context, FeedbackStore store, Guid invitation) => RevokeAsync(context, store, invitation, context.Project().Id)
        );
        members.MapPost("/{person:guid}/role", RoleAsync);
        members.MapPost("/{person:guid}/pause", PauseAsync);
    }

    private static async Task<IResult> AllAsync(HttpContext context, FeedbackStore store, InvitationLink? link) =>
        Pages.Show<PeoplePage>(
            new
            {
                Page = Pages.Context(context),
                People = (await store.People.ListAsync(context.RequestAborted)).ToImmutableArray(),
                Link = link,
                Invitations = (await store.Invitations.ListAsync(null, context.RequestAborted)).ToImmutableArray(),
                Memberships = (await store.People.MembershipsAsync(null, context.RequestAborted)).ToLookup(m => m.PersonId),
            }
        );

    private static async Task<IResult> PersonAsync(HttpContext context, FeedbackStore store, Guid id, ImmutableArray<string> problems)
    {
        if (await store.People.FindAsync(id, context.RequestAborted) is not { State: not "erased" } person)
        {
            return Pages.NotFound(context);
        }
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Pages.Show<PersonPage>(
            new
            {
                Page = Pages.Context(context),
                Person = person,
                Problems = problems,
                Memberships = (await store.People.MembershipsAsync(id, context.RequestAborted)).ToImmutableArray(),
                Projects = (await store.Projects.ListAsync(context.RequestAborted)).ToImmutableArray(),
            }
        );
    }

    private static async Task<IResult> RoleOverAllAsync(HttpContext context, FeedbackStore store, Guid person)
    {
        var fields = await Form.ReadAsync(context);
        if (!Enum.TryParse<MemberRole>(fields.Text("role"), out var role) || !Enum.IsDefined(role))
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "There is no such role.");
        }
        var problems = await store.People.SetRoleAsync(context.User.PersonId(), person, role, context.RequestAborted);
        if (!problems.IsEmpty)
        {
            return await PersonAsync(context, store, person, problems);
        }
        // Someone who has just given up the owner role may no longer see people.
        return Results.LocalRedirect(
            person == context.User.PersonId() && role != MemberRole.Owner ? "/?done=saved" : $"/people/{person}?done=saved"
        );
    }

    private static async Task<IResult> RoleInProjectAsync(HttpContext context, FeedbackStore store, Guid person)
    {
        var fields = await Form.ReadAsync(context);
        var remove = fields.Text("role") == "none";
        var role = MemberRole.Reader;
        if (!remove && !IsMemberRole(fields.Text("role"), out role))
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "There is no such role in a project.");
        }
        if (
            fields.Id("project") is not { } project
            || await store.Projects.FindAsync(project, context.RequestAborted) is null
            || await store.People.FindAsync(person, context.RequestAborted) is not { Imported: false, State: not "erased" }
        )
        {
            return Pages.NotFound(context);
        }
        await store.People.SetMemberAsync(context.User.PersonId(), project, person, remove ? null : role, context.RequestAborted);
        return Results.LocalRedirect($"/people/{person}?done=saved");
    }

    private static async Task<IResult> InviteToAllAsync(HttpContext context, FeedbackStore store)
    {
        var fields = await Form.ReadAsync(context);
        if (
            !Enum.TryParse<MemberRole>(fields.Text("role"), out var role)
            || role is not (MemberRole.Owner or MemberRole.Manager or MemberRole.Reader)
        )
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "There is no such role.");
        }
        return await AllAsync(context, store, await LinkAsync(context, store, role, null));
    }

    private static async Task<IResult> MembersAsync(HttpContext context, FeedbackStore store, InvitationLink? link) =>
        Pages.Show<MembersPage>(
            new
            {
                Page = Pages.Context(context),
                Project = context.Project(),
                Role = context.RoleInProject(),
                Link = link,
                Invitations = (await store.Invitations.ListAsync(context.Project().Id, context.RequestAborted)).ToImmutableArray(),
                Members = (await store.People.MembersAsync(context.Project().Id, context.RequestAborted)).ToImmutableArray(),
            }
        );

    private static async Task<IResult> InviteAsync(HttpContext context, FeedbackStore store)
    {
        var fields = await Form.ReadAsync(context);
        if (!IsMemberRole(fields.Text("role"), out var role))
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "There is no such role in a project.");
        }
        return await MembersAsync(context, store, await LinkAsync(context, store, role, context.Project().Id));
    }

    private static async Task<InvitationLink> LinkAsync(HttpContext context, FeedbackStore store, MemberRole role, Guid? project)
    {
        var invitation = await store.Accounts.InviteAsync(context.User.PersonId(), role, project, Validity, context.RequestAborted);
        var address = context.RequestServices.GetRequiredService<ServerAddress>();
        return new InvitationLink(address.LinkTo("/join/" + invitation.Token), address.IsConfigured);
    }

    /// <param name="project">The project whose manager asks; null for an owner.</param>
    private static async Task<IResult> RevokeAsync(HttpContext context, FeedbackStore store, Guid invitation, Guid? project) =>
        await store.Invitations.RevokeAsync(context.User.PersonId(), invitation, project, context.RequestAborted)
            ? Results.LocalRedirect((project is { } id ? $"/projects/{id}/people" : "/people") + "?done=invitation-revoked")
            : Pages.NotFound(context);

    private static async Task<IResult> DisableAsync(HttpContext context, FeedbackStore store, Guid person, bool disabled)
    {
        var problems = await store.People.SetDisabledAsync(context.User.PersonId(), person, disabled, context.RequestAborted);
        return problems.IsEmpty
            ? Results.LocalRedirect($"/people/{person}?done=saved")
            : await PersonAsync(context, store, person, problems);
    }

    private static async Task<IResult> RoleAsync(HttpContext context, FeedbackStore store, Guid person)
    {
        var fields = await Form.ReadAsync(context);
        var remove = fields.Text("role") == "none";
        var role = MemberRole.Reader;
        if ((!remove && !IsMemberRole(fields.Text("role"), out role)) || !await IsMemberAsync(context, store, person))
        {
            return Pages.NotFound(context);
        }
        await store.People.SetMemberAsync(
            context.User.PersonId(),
            context.Project().Id,
            person,
            remove ? null : role,
            context.RequestAborted
        );
        return Results.LocalRedirect($"/projects/{context.Project().Id}/people?done=saved");
    }

    private static async Task<IResult> PauseAsync(HttpContext context, FeedbackStore store, Guid person)
    {
        var fields = await Form.ReadAsync(context);
        if (!await IsMemberAsync(context, store, person))
        {
            return Pages.NotFound(context);
        }
        await store.People.PauseAsync(context.User.PersonId(), context.Project().Id, person, fields.Text("reason"), context.RequestAborted);
        return Results.LocalRedirect($"/projects/{context.Project().Id}/people?done=saved");
    }

    /// <summary>Managers of one project cannot change people of others.</summary>
    private static async Task<bool> IsMemberAsync(HttpContext context, FeedbackStore store, Guid person) =>
        (await store.People.MembersAsync(context.Project().Id, context.RequestAborted)).Any(m => m.Person.Id == person);

    private static bool IsMemberRole(string? name, out MemberRole role) =>
        Enum.TryParse(name, out role) && role is (MemberRole.Reader or MemberRole.Annotator or MemberRole.Manager);
}
