using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Attune.Feedback.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Acknowledgements : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "acknowledged_version_id",
                table: "presentation",
                type: "TEXT",
                nullable: true);

            // Labels of earlier versions keep the version that they recorded, so that their snapshots keep their hashes.
            migrationBuilder.Sql("UPDATE presentation SET acknowledged_version_id = guideline_version_id");

            migrationBuilder.CreateTable(
                name: "acknowledgement",
                columns: table => new
                {
                    person_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    guideline_version_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    project_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_acknowledgement", x => new { x.person_id, x.guideline_version_id });
                });

            migrationBuilder.CreateIndex(
                name: "IX_task_project_id_kind",
                table: "task",
                columns: new[] { "project_id", "kind" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "acknowledgement");

            migrationBuilder.DropIndex(
                name: "IX_task_project_id_kind",
                table: "task");

            migrationBuilder.DropColumn(
                name: "acknowledged_version_id",
                table: "presentation");
        }
    }
}
