using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;

namespace Attune.Web.Components;

/// <summary>A project on the start page.</summary>
/// <param name="All">Everyone's progress; null for annotators, who see only their own.</param>
public sealed record ProjectLine(ProjectInfo Project, MemberRole Role, OwnProgress Own, ProjectProgress? All);
